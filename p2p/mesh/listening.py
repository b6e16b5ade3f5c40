"""How much of the others' sound our line carries: first fewer copies, then the loudest alone whole.

A relay can not take copies out of a sealed payload. But payloads hold copies of the frames before
them: of two or three in a row one is enough to hear every frame. Sans-IO.
"""

from typing import NamedTuple

from p2p.mesh.line_load import Load
from p2p.mesh.shape_walk import ShapeWalk


class Level(NamedTuple):
    """What is asked for.

    Attributes:
        every: Of the loudest, or of all, one payload in so many.
        others: Of the others one in so many; enough to know how loud they are.
        share: About so much of all the packets that makes.
    """

    every: int
    others: int
    share: float


LEVELS = (Level(1, 1, 1.0), Level(2, 2, 0.5), Level(3, 3, 0.34), Level(3, 6, 0.25))
_ALL_HEARD = len(LEVELS) - 2
"""The last level at which every frame of everybody is heard."""


class Listening:
    """Of one listener.

    Args:
        now: Monotonic seconds.
    """

    def __init__(self, now: float) -> None:
        self._walk = ShapeWalk([level.share for level in LEVELS], now)

    @property
    def level(self) -> Level:
        """The present one."""
        return LEVELS[self._walk.shape]

    @property
    def is_narrow(self) -> bool:
        """Whether less than everything is asked for."""
        return self._walk.shape > 0

    @property
    def loudest_only(self) -> bool:
        """Whether the loudest comes first."""
        return self.level.every != self.level.others

    def look(self, load: Load | None, sent_bps: float, now: float) -> None:
        """Takes in how the line does.

        Args:
            load: Of the line that brings the sound; None: nothing is known.
            sent_bps: What is sent over it at the present level.
            now: Monotonic seconds.
        """
        whole_bps = sent_bps / self.level.share
        rates_bps = [level.share * whole_bps for level in LEVELS]
        if self._walk.shape < _ALL_HEARD:
            # A machine that stalls looks like a line that carries nothing: nobody is given up for
            # that before less of everybody was tried.
            rates_bps[_ALL_HEARD] = 0.0
        self._walk.rates_bps = tuple(rates_bps)
        self._walk.step(load, now)
