"""The one shape of sound between all parts: int16, mono, 48 kHz, in blocks of 10 ms."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

RATE_HZ = 48_000
BLOCK_SAMPLES = 480
"""Samples of a block: 10 ms, what devices and the mixer handle."""
FRAME_SAMPLES = 960
"""Samples of a frame: 20 ms, what the codec handles."""
BLOCK_S = BLOCK_SAMPLES / RATE_HZ
FRAME_S = FRAME_SAMPLES / RATE_HZ
FULL_SCALE = 32_768.0

Pcm: TypeAlias = npt.NDArray[np.int16]
"""int16 mono samples at ``RATE_HZ``, shape ``(n,)``."""


def silence(samples: int = BLOCK_SAMPLES) -> Pcm:
    """Return fresh zeros.

    Args:
        samples: How many, 0 or more.

    Returns:
        An int16 array of that length that the caller may write into.
    """
    return np.zeros(samples, dtype=np.int16)


class SampleQueue:
    """First in, first out for samples, with room for ``capacity`` of them and no more."""

    __slots__ = ("_begin", "_end", "_store")

    def __init__(self, capacity: int) -> None:
        self._store = np.zeros(capacity, dtype=np.int16)
        self._begin = 0
        self._end = 0

    def __len__(self) -> int:
        return self._end - self._begin

    def push(self, pcm: Pcm) -> None:
        """Append samples; what does not fit is cut off at the end of ``pcm``.

        Args:
            pcm: int16 samples of any length.
        """
        if self._begin == self._end:
            self._begin = self._end = 0
        end = self._end + len(pcm)
        if end > len(self._store):
            held = self._end - self._begin
            self._store[:held] = self._store[self._begin : self._end]
            self._begin, self._end = 0, held
            end = min(held + len(pcm), len(self._store))
            pcm = pcm[: end - held]
        self._store[self._end : end] = pcm
        self._end = end

    def pop(self, samples: int) -> Pcm | None:
        """Remove the oldest samples.

        Args:
            samples: How many to return.

        Returns:
            int16 of exactly that length, in the queue's own memory: to be read before the next
            ``push``. None if there are fewer, which then stay.
        """
        begin, end = self._begin, self._begin + samples
        if end > self._end:
            return None
        self._begin = end
        return self._store[begin:end]
