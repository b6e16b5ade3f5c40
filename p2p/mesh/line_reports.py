"""When the end of a link that gets packets reports how they come to the end that sends. Sans-IO."""

import math

from p2p.mesh.arrivals import Arrivals
from p2p.wire.line_report import LineReport

REPORT_EVERY_S = 0.1
_NUMBERS = 1 << 16


class LineReports:
    """Of one link.

    Attributes:
        due_s: When the next report is due, monotonic seconds; infinity: nobody is to get any.
    """

    def __init__(self) -> None:
        self.due_s = math.inf

    def want(self, *, wanted: bool) -> None:
        """Whether there are to be reports from now on."""
        self.due_s = -math.inf if wanted else math.inf

    def make(self, arrivals: Arrivals, now: float) -> LineReport:
        """What is to be said to the sender, when it is due.

        Args:
            arrivals: What came so far, at least one packet.
            now: Monotonic seconds.
        """
        self.due_s = now + REPORT_EVERY_S
        newest, received = arrivals.newest % _NUMBERS, arrivals.received % _NUMBERS
        return LineReport(newest, received, int(arrivals.newest_s * 1000.0))
