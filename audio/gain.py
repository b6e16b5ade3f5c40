"""Brings every voice to one loudness, and leaves everything that is no voice alone.

The level of a voice is measured over its own sound only (in the sense of ITU-T P.56: pauses do not
count), by windows of 50 ms. A window counts as voice when it stands out from the quietest moments
of the last 1.5 s; steady noise, hum and tones do not. The gain moves only while there is a voice.
"""

import math
from collections import deque

from audio.faders import Gains, ramp
from audio.level import FLOOR_DBFS, WINDOW_BLOCKS, power_dbfs

TARGET_DBFS = -21.0
"""The one level, RMS over speech. 24 dB above the quietest talker that is meant to reach it."""
MAX_GAIN_DB = 24.0
MIN_GAIN_DB = -18.0
_WINDOW_S = 0.05
_FLOOR_WINDOWS = 30
_ABOVE_FLOOR_DB = 8.0
_QUIETEST_VOICE_DBFS = -62.0
_MARGIN_DB = 16.0
"""Windows so far below the voice's level are its pauses (P.56 says 15.9)."""
_LEARN_WINDOWS = 4
_MEMORY_WINDOWS = 60
_LOST_WINDOWS = 20
_SLEW_UP_DB_S, _SLEW_DOWN_DB_S = 12.0, 40.0


def leveller() -> "AutoGain":
    """Return the gentle gain of a receiver, for speakers whose program does not level."""
    return AutoGain(max_gain_db=12.0, min_gain_db=-15.0, slew=0.5, leave_db=1.5)


class VoiceLevel:
    """How loud the voice in a stream is, from the powers of its windows."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=_FLOOR_WINDOWS)
        self._mean = 0.0
        self._counted = 0
        self._below = 0

    @property
    def dbfs(self) -> float | None:
        """Level of the voice; None until there was enough of it (0.2 s)."""
        return power_dbfs(self._mean) if self._counted >= _LEARN_WINDOWS else None

    def update(self, power: float, allowed: bool = True) -> bool:
        """Take the next window in.

        Args:
            power: Mean square over 50 ms, 0 to 1.
            allowed: False: it is known not to be a voice.

        Returns:
            Whether the window counted as voice.
        """
        level_dbfs = power_dbfs(power)
        floor_dbfs = min(self._recent, default=FLOOR_DBFS)
        self._recent.append(level_dbfs)
        threshold = max(_QUIETEST_VOICE_DBFS, floor_dbfs + _ABOVE_FLOOR_DB)
        if not allowed or len(self._recent) < _LEARN_WINDOWS or level_dbfs < threshold:
            return False
        if self._counted and level_dbfs < power_dbfs(self._mean) - _MARGIN_DB:
            self._below += 1
            if self._below < _LOST_WINDOWS:
                return False
            self._counted = 0  # a whole second far below: another talker, or farther away
        self._below = 0
        self._counted = min(self._counted + 1, _MEMORY_WINDOWS)
        self._mean += (power - self._mean) / self._counted
        return True


class AutoGain:
    """The gain that brings one stream's voice to ``TARGET_DBFS``.

    Args:
        max_gain_db: Most that is added.
        min_gain_db: Most that is taken away, as a negative number.
        slew: How fast the gain moves, in parts of 12 dB/s up and 40 dB/s down.
        leave_db: A voice that is so near to the target is left as it is.

    Attributes:
        factor: The gain now, as what to multiply samples by.
    """

    def __init__(
        self,
        max_gain_db: float = MAX_GAIN_DB,
        min_gain_db: float = MIN_GAIN_DB,
        slew: float = 1.0,
        leave_db: float = 0.0,
    ) -> None:
        self._max_db, self._min_db = max_gain_db, min_gain_db
        self._leave_db = leave_db
        self._applied = 1.0
        self._up_db = _SLEW_UP_DB_S * _WINDOW_S * slew
        self._down_db = _SLEW_DOWN_DB_S * _WINDOW_S * slew
        self._voice = VoiceLevel()
        self._sum = 0.0
        self._blocks = 0
        self._allowed = False
        self._gain_db = 0.0
        self.factor = 1.0

    @property
    def gain_db(self) -> float:
        """The gain now."""
        return self._gain_db

    def update(self, power: float, may_be_voice: bool = True) -> float:
        """Take the next 10 ms in.

        Args:
            power: Mean square of the block before any gain, 0 to 1; what is no number counts
                as silence.
            may_be_voice: False when something else knows that nobody speaks: the gain freezes.

        Returns:
            ``factor``, for this block.
        """
        self._sum += power if power < math.inf else 0.0
        self._blocks += 1
        self._allowed = self._allowed or may_be_voice
        if self._blocks == WINDOW_BLOCKS:
            self.window(self._sum / WINDOW_BLOCKS, self._allowed)
            self._sum, self._blocks, self._allowed = 0.0, 0, False
        return self.factor

    def window(self, power: float, may_be_voice: bool = True) -> None:
        """Take a whole window in, for a caller that sums its blocks up by itself.

        Args:
            power: Mean square over 50 ms before any gain, 0 to 1.
            may_be_voice: See ``update``.
        """
        if self._voice.update(power, may_be_voice):
            self._move()

    def ramp(self, power: float, may_be_voice: bool = True) -> Gains | None:
        """Take the next 10 ms in, like ``update``, without a step at the block's border.

        Args:
            power: See ``update``.
            may_be_voice: Likewise.

        Returns:
            One factor, or one for each of the 480 samples; None: the block stays as it is.
        """
        before, self._applied = self._applied, self.update(power, may_be_voice)
        if before == self._applied:
            return None if before == 1.0 else before
        return ramp(before, self._applied)

    def _move(self) -> None:
        level = self._voice.dbfs
        if level is None:
            return
        off_db = TARGET_DBFS - level
        wanted = min(self._max_db, max(self._min_db, off_db))
        if abs(off_db) <= self._leave_db:
            wanted = 0.0
        step = wanted - self._gain_db
        self._gain_db += max(-self._down_db, min(self._up_db, step))
        self.factor = math.pow(10.0, self._gain_db / 20.0)
