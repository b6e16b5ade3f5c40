"""Linear prediction: a voice as a source and a filter, and the filter with its resonances moved.

Moving the angles of the filter's poles by a power (McAdams, "Spectral fusion, spectral parsing and
the formation of auditory images", 1984) as a disguise: Patino, Tomashenko, Todisco, Nautsch,
Evans, "Speaker anonymisation using the McAdams coefficient", Interspeech 2021.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_WHITE_NOISE = 1e-4
_WIDEST_RADIUS = 0.985


def predictor(frame: Floats, order: int) -> Floats:
    """Return the inverse filter ``1, a1 … a_order`` of a windowed frame (autocorrelation method).

    Args:
        frame: Samples of any scale, more than ``order`` of them, finite.
        order: Number of poles.

    Returns:
        Coefficients whose roots lie inside the unit circle; ``1, 0, 0 …`` for silence.
    """
    spectrum = np.fft.rfft(frame, 2 * len(frame))
    lags = np.fft.irfft(np.square(np.abs(spectrum)))[: order + 1]
    if not lags[0] > 1e-6:
        return np.concatenate(([1.0], np.zeros(order)))
    lags[0] *= 1.0 + _WHITE_NOISE
    return _levinson(lags)


def _levinson(lags: Floats) -> Floats:
    coefficients = np.zeros(len(lags))
    coefficients[0] = 1.0
    error = float(lags[0])
    for order in range(1, len(lags)):
        reflection = -float(np.dot(coefficients[:order], lags[order:0:-1])) / error
        coefficients[1 : order + 1] += reflection * coefficients[order - 1 :: -1][:order]
        error *= 1.0 - reflection * reflection
    return coefficients


def with_moved_resonances(coefficients: Floats, power: float) -> Floats:
    """Return the inverse filter with every pole's angle raised to ``power`` (radians).

    Args:
        coefficients: From ``predictor``.
        power: The McAdams coefficient; 1 changes nothing, less moves low resonances up.

    Raises:
        numpy.linalg.LinAlgError: The poles could not be found.
    """
    poles = np.roots(coefficients)
    upper = poles[poles.imag > 1e-9]
    radii = np.minimum(np.abs(upper), _WIDEST_RADIUS)
    angles = np.minimum(np.angle(upper) ** power, np.pi)
    moved = radii * (np.cos(angles) + 1j * np.sin(angles))
    alone = poles[np.abs(poles.imag) <= 1e-9].real
    alone = np.clip(alone, -_WIDEST_RADIUS, _WIDEST_RADIUS)
    polynomial = np.atleast_1d(np.poly(np.concatenate((moved, np.conj(moved), alone))).real)
    return np.pad(polynomial, (0, len(coefficients) - len(polynomial)))
