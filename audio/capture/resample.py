"""Three samples into one and back: 48 kHz to 16 kHz, without what 16 kHz cannot hold."""

import numpy as np
import numpy.typing as npt

from audio.capture.highpass import Samples

RATIO = 3
_TAPS = 97
_CUT_HZ, _RATE_HZ = 7_300.0, 48_000.0
DELAY_MS = (_TAPS - 1) / 2 / 48
"""What each direction delays: 1 ms."""


def _low_pass() -> npt.NDArray[np.float32]:
    places = np.arange(_TAPS) - (_TAPS - 1) / 2
    taps = np.sinc(2 * _CUT_HZ / _RATE_HZ * places) * np.hamming(_TAPS)
    low_pass: npt.NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return low_pass


class Down:
    """48 kHz to 16 kHz, block by block. Nothing above 7.6 kHz comes through."""

    def __init__(self) -> None:
        self._taps = _low_pass()
        self._before: Samples = np.zeros(_TAPS - 1, np.float32)

    def convert(self, samples: Samples) -> Samples:
        """Return a third as many samples.

        Args:
            samples: float32 at 48 kHz, a multiple of 3 of them, at least 96.
        """
        joined = np.concatenate((self._before, samples))
        self._before = joined[-(_TAPS - 1) :]
        reduced: Samples = np.convolve(joined, self._taps, "valid")[::RATIO]
        return reduced


class Up:
    """16 kHz to 48 kHz, block by block."""

    def __init__(self) -> None:
        self._taps = _low_pass() * RATIO
        self._before: Samples = np.zeros(_TAPS - 1, np.float32)

    def convert(self, samples: Samples) -> Samples:
        """Return three times as many samples.

        Args:
            samples: float32 at 16 kHz, at least 32.
        """
        spread = np.zeros(RATIO * len(samples), np.float32)
        spread[::RATIO] = samples
        joined = np.concatenate((self._before, spread))
        self._before = joined[-(_TAPS - 1) :]
        filled: Samples = np.convolve(joined, self._taps, "valid")
        return filled
