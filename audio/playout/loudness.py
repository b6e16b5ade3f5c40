"""How loud one speaker is, and the gain that makes all speakers equally loud, by windows of 50 ms.

Sixteen speakers are 1,600 blocks a second: for each of them two sums are all that is done.
"""

from audio.faders import Gains, ramp
from audio.gain import leveller
from audio.level import WINDOW_BLOCKS, LevelMeter


class Loudness:
    """The level and the gain of one speaker. Blocks that are not heard are silence.

    Attributes:
        meter: How loud what was sent is, before the gain.
        factor: What to multiply the next block by.
    """

    def __init__(self) -> None:
        self.meter = LevelMeter()
        self.factor = 1.0
        self._leveller = leveller()
        self._sum = 0.0
        self._blocks = 0

    def add(self, power: float) -> None:
        """Take 10 ms in that were heard.

        Args:
            power: Mean square before the gain, as ``audio.level.powers`` gives it, above 0.
        """
        self._sum += power
        self._blocks += 1

    def window(self) -> Gains | None:
        """End a window of ``WINDOW_BLOCKS``.

        Returns:
            What the last block is to be multiplied by beside the factor it had, so that the change
            makes no step; None: nothing has changed.
        """
        self.meter.window(self._sum / WINDOW_BLOCKS)
        if not self._blocks:
            return None
        self._leveller.window(self._sum / self._blocks)
        self._sum, self._blocks = 0.0, 0
        before, self.factor = self.factor, self._leveller.factor
        return None if before == self.factor else ramp(1.0, self.factor / before)
