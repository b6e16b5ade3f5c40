"""How loud a block is, and whether somebody speaks.

Levels are RMS relative to full scale: a full-scale square wave is 0 dBFS. Speaking turns on
after 2 of the last 3 windows of 50 ms above the threshold, so that a key click does not, and
off after 300 ms below it, so that the gaps between words do not.
"""

import math
from collections import deque

import numpy as np
import numpy.typing as npt

from audio.pcm import BLOCK_S, FULL_SCALE, Pcm

FLOOR_DBFS = -96.0
SPEAKING_DBFS = -50.0
WINDOW_BLOCKS = 5
"""Blocks of a window: 50 ms."""
_ON_WINDOWS = 2
_OF_WINDOWS = 3
_HOLD_WINDOWS = round(0.3 / BLOCK_S / WINDOW_BLOCKS)


def power(pcm: Pcm | npt.NDArray[np.float32]) -> float:
    """Return the mean square of the samples, 0 to 1 (full scale); 0 for no samples.

    Args:
        pcm: Samples in the range of int16, of any length.
    """
    if pcm.size == 0:
        return 0.0
    samples = pcm.astype(np.float32, copy=False)
    return float(samples.dot(samples)) / (pcm.size * FULL_SCALE * FULL_SCALE)


def powers(blocks: npt.NDArray[np.float32]) -> list[float]:
    """Return the mean square of each row, 0 to 1, as ``power`` does of one.

    Args:
        blocks: Samples in the range of int16, one stream a row.
    """
    full = blocks.shape[1] * FULL_SCALE * FULL_SCALE
    # One by one: for so few rows a single call for all of them costs more.
    return [float(row.dot(row)) / full for row in blocks]


def power_dbfs(mean_square: float) -> float:
    """Return a mean square as dBFS, not below ``FLOOR_DBFS``.

    Args:
        mean_square: 0 to 1, as ``power`` gives it.
    """
    if mean_square <= 0.0:
        return FLOOR_DBFS
    return max(FLOOR_DBFS, 10.0 * math.log10(mean_square))


def dbfs(pcm: Pcm) -> float:
    """Return the RMS level of the samples, ``FLOOR_DBFS`` (silence) to 0.0.

    Args:
        pcm: int16 samples of any length.
    """
    return power_dbfs(power(pcm))


class LevelMeter:
    """The level of one stream of blocks and whether a voice is in it."""

    def __init__(self, threshold_dbfs: float = SPEAKING_DBFS) -> None:
        """Start silent.

        Args:
            threshold_dbfs: Level above which a window counts as voice.
        """
        self._threshold_dbfs = threshold_dbfs
        self._sum = 0.0
        self._blocks = 0
        self._loud: deque[bool] = deque(maxlen=_OF_WINDOWS)
        self._level_dbfs = FLOOR_DBFS
        self._speaking = False
        self._quiet_windows = 0

    @property
    def level_dbfs(self) -> float:
        """Level of the last full window of 50 ms, dBFS."""
        return self._level_dbfs

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks, with hysteresis."""
        return self._speaking

    def update(self, block: Pcm) -> bool:
        """Take the next block in.

        Args:
            block: int16, 10 ms. A stream that sends nothing is to be fed with silence.

        Returns:
            Whether somebody speaks now.
        """
        return self.add(power(block))

    def add(self, block_power: float) -> bool:
        """Take the next block in by its power.

        Args:
            block_power: Mean square over 10 ms, as ``power`` gives it.

        Returns:
            Whether somebody speaks now.
        """
        self._sum += block_power
        self._blocks += 1
        if self._blocks == WINDOW_BLOCKS:
            self.window(self._sum / WINDOW_BLOCKS)
            self._sum, self._blocks = 0.0, 0
        return self._speaking

    def window(self, window_power: float) -> None:
        """Take a whole window in, for a caller that sums its blocks up by itself.

        Args:
            window_power: Mean square over 50 ms, as ``power`` gives it.
        """
        self._level_dbfs = power_dbfs(window_power)
        loud = self._level_dbfs > self._threshold_dbfs
        self._loud.append(loud)
        self._quiet_windows = 0 if loud else self._quiet_windows + 1
        if sum(self._loud) >= _ON_WINDOWS:
            self._speaking = True
        if self._quiet_windows >= _HOLD_WINDOWS:
            self._speaking = False
