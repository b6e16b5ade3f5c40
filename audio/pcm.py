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

    def __init__(self, capacity: int) -> None:
        self._store = np.zeros(capacity, dtype=np.int16)
        self._held = 0

    def __len__(self) -> int:
        return self._held

    def push(self, pcm: Pcm) -> None:
        """Append samples; what does not fit is cut off at the end of ``pcm``.

        Args:
            pcm: int16 samples of any length.
        """
        taken = min(len(pcm), len(self._store) - self._held)
        self._store[self._held : self._held + taken] = pcm[:taken]
        self._held += taken

    def pop(self, samples: int) -> Pcm:
        """Remove the oldest samples; zeros stand in for what is not there.

        Args:
            samples: How many to return.

        Returns:
            A fresh int16 array of exactly that length.
        """
        out = silence(samples)
        taken = min(samples, self._held)
        out[:taken] = self._store[:taken]
        self._store[: self._held - taken] = self._store[taken : self._held]
        self._held -= taken
        return out
