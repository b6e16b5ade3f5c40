"""Make a frame shorter or longer by one period of its pitch, without changing the pitch.

The overlap-add on the most similar place is WSOLA (Verhelst and Roelands, ICASSP 1993), here
within a single frame: one period is folded into the next, or played twice.
"""

import math

import numpy as np
import numpy.typing as npt

from audio.pcm import FRAME_SAMPLES, Pcm

MIN_PERIOD = 120
"""2.5 ms: 400 Hz, a high voice."""
MAX_PERIOD = 480
"""10 ms: 100 Hz; lower voices repeat well enough over two half periods or are left alone."""
_SIMILAR = 0.85
_HOPELESS = 0.7
"""A frame that looks less alike when coarse never is when looked at closely: most of speech."""
_COARSE = 4
_MEAN = np.full(_COARSE, 1 / _COARSE, np.float32)
_QUIET = 100.0
"""RMS in steps of int16, about -50 dBFS: below, nobody hears a fold."""
_QUIET_SHARE = 0.06
"""The same beside the loudest frame, which fades by half in 14 s."""
_LOUDEST_FADES = 0.999
_PAUSE_FRAMES = 8
"""0.16 s: shorter gaps belong to the rhythm of a sentence, and cost as much as folds in speech."""

_Samples = npt.NDArray[np.float32]


class PauseDetector:
    """Tells the pauses between phrases, where a fold goes unheard, from speech.

    Silence inside a word is speech: the closure before a p or k lasts up to 80 ms, and how long
    it lasts is part of the word; so is the gap between two words part of their sentence.
    """

    def __init__(self) -> None:
        self._loudest = 0.0
        self._quiet_frames = 0
        self._samples = np.empty(FRAME_SAMPLES, np.float32)

    def update(self, frame: Pcm) -> bool:
        """Take the next frame in.

        Args:
            frame: int16, 960 samples.

        Returns:
            Whether it lies in a pause.
        """
        samples = self._samples
        samples[:] = frame
        rms = math.sqrt(samples.dot(samples) / FRAME_SAMPLES)
        loudest = self._loudest * _LOUDEST_FADES
        self._loudest = loudest = max(loudest, rms)
        quiet = rms < _QUIET or rms < _QUIET_SHARE * loudest
        self._quiet_frames = self._quiet_frames + 1 if quiet else 0
        return self._quiet_frames >= _PAUSE_FRAMES


def any_period(longest: int) -> int | None:
    """Return the lag to use where nothing is heard.

    Args:
        longest: Upper bound for the lag in samples.

    Returns:
        Samples, ``MIN_PERIOD`` to ``MAX_PERIOD``; None if there is too little to take.
    """
    return min(longest, MAX_PERIOD) if longest >= MIN_PERIOD else None


def find_period(frame: Pcm, longest: int = MAX_PERIOD) -> int | None:
    """Find the lag at which a frame resembles itself best.

    Args:
        frame: int16, 960 samples.
        longest: Upper bound for the lag in samples, at most ``MAX_PERIOD``.

    Returns:
        Samples, ``MIN_PERIOD`` to ``longest``; None if no lag would go unheard.
    """
    longest = min(longest, MAX_PERIOD)
    if longest < MIN_PERIOD or frame.shape != (FRAME_SAMPLES,):
        return None
    samples = frame.astype(np.float32)
    coarse = samples.reshape(-1, _COARSE) @ _MEAN
    lag, similarity = _best_lag(coarse, MIN_PERIOD // _COARSE, longest // _COARSE)
    if similarity < _HOPELESS:
        return None
    lag, similarity = _best_lag(
        samples,
        max(MIN_PERIOD, (lag - 1) * _COARSE),
        min(longest, (lag + 1) * _COARSE),
    )
    return lag if similarity > _SIMILAR else None


def _best_lag(samples: _Samples, shortest: int, longest: int) -> tuple[int, float]:
    window = len(samples) // 2
    head = samples[:window]
    tail = samples[shortest : longest + window]
    products = np.correlate(tail, head, mode="valid")
    running = np.zeros(len(tail) + 1)
    np.cumsum(np.square(tail, dtype=np.float64), out=running[1:])
    energies = running[window:] - running[:-window]
    scale = np.sqrt(energies * float(np.dot(head, head))) + 1.0
    similarity = products / scale
    best = int(np.argmax(similarity))
    return shortest + best, float(similarity[best])


def compress(frame: Pcm, period: int) -> Pcm:
    """Fold the first period of a frame into the second.

    Args:
        frame: int16, at least two periods long.
        period: Samples, from ``find_period``.

    Returns:
        int16, ``period`` samples shorter, joining what comes before and after as the frame did.
    """
    return np.concatenate((_fade(frame[:period], frame[period : 2 * period]), frame[2 * period :]))


def expand(frame: Pcm, period: int) -> Pcm:
    """Play one period of a frame twice.

    Args:
        frame: int16, at least two periods long.
        period: Samples, from ``find_period``.

    Returns:
        int16, ``period`` samples longer, joining what comes before and after as the frame did.
    """
    again = _fade(frame[period : 2 * period], frame[:period])
    return np.concatenate((frame[:period], again, frame[period:]))


def _fade(out_going: Pcm, in_coming: Pcm) -> Pcm:
    rise = (np.arange(len(out_going)) / (len(out_going) - 1)).astype(np.float32)
    mixed: _Samples = out_going * (1.0 - rise) + in_coming * rise
    return np.rint(mixed).astype(np.int16)
