"""Shifts the pitch of a stream a little, with a few milliseconds of delay that keep changing.

A read pointer moves through the last milliseconds faster or slower than sound comes in. Before it
runs out of them, it jumps by as many pitch periods as fit, and the two places are cross-faded.
"""

import numpy as np

from audio.capture.highpass import Samples

_SHORTEST_JUMP, _LONGEST_JUMP = 48, 176
_ALIKE = 96
_FADE = 64
_NEAREST = 72
FARTHEST = 256
"""Longest delay, in samples."""


class PitchShift:
    """Works on blocks of one length.

    Args:
        block_samples: That length, at least 64.
    """

    def __init__(self, block_samples: int) -> None:
        self._block = block_samples
        self._length = FARTHEST + _LONGEST_JUMP + _ALIKE + 2 * block_samples
        self._past: Samples = np.zeros(self._length, np.float32)
        self._delay = float(_NEAREST)
        self._steps = np.arange(block_samples)
        self._fade = np.ones(block_samples, np.float32)
        self._fade[:_FADE] = (1 - np.cos(np.pi * np.arange(_FADE) / _FADE)) / 2

    @property
    def delay_samples(self) -> float:
        """Delay now, at most ``FARTHEST``."""
        return self._delay

    def shift(self, samples: Samples, ratio: float) -> Samples:
        """Return the next block at another pitch.

        Args:
            samples: float32, of the block's length.
            ratio: Pitch after to pitch before, 0.7 to 1.4.
        """
        self._past[: -self._block] = self._past[self._block :]
        self._past[-self._block :] = samples
        drift = (1.0 - ratio) * self._block
        jump = self._jump(self._delay + drift)
        out = self._read(self._delay, ratio)
        if jump:
            other = self._read(self._delay + jump, ratio)
            out = out + self._fade * (other - out)
        self._delay = min(float(FARTHEST), max(0.0, self._delay + jump + drift))
        return out

    def _read(self, delay: float, ratio: float) -> Samples:
        places = self._length - self._block - delay + self._steps * ratio
        places = np.clip(places, 0, self._length - 1)
        values: Samples = np.interp(places, np.arange(self._length), self._past).astype(np.float32)
        return values

    def _jump(self, next_delay: float) -> int:
        """How many samples to add to the delay, so that it stays within its limits."""
        if next_delay > FARTHEST - self._block // 2:
            sign = -1
        elif next_delay < _NEAREST:
            sign = 1
        else:
            return 0
        here = self._length - self._block - round(self._delay)
        pattern = self._past[here : here + _ALIKE]
        lags = np.arange(_SHORTEST_JUMP, _LONGEST_JUMP)
        first = here - sign * int(lags[-1]) if sign > 0 else here + int(lags[0])
        reach = self._past[first : first + len(lags) - 1 + _ALIKE]
        if len(reach) < len(lags) - 1 + _ALIKE:
            return sign * _SHORTEST_JUMP
        alike = np.correlate(reach, pattern, "valid")
        energy = np.convolve(np.square(reach), np.ones(_ALIKE, np.float32), "valid")
        best = int(np.argmax(alike / np.sqrt(energy + 1.0)))
        return int(lags[-1]) - best if sign > 0 else -(int(lags[0]) + best)
