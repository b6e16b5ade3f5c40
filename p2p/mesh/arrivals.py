"""How the packets of a link come, for the reports to the end that sends them. Sans-IO."""

from p2p.wire.line_report import LineReport

REPORT_EVERY_S = 0.1
_NUMBERS = 1 << 16


class Arrivals:
    """Counts what comes over one link.

    Attributes:
        wanted: Whether there are to be reports.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._received = 0
        self._newest: tuple[int, float] | None = None
        self._reported_s: float | None = None

    def came(self, seq: int, now: float) -> None:
        """Note an authentic packet.

        Args:
            seq: Its RTP number.
            now: When it came, monotonic seconds.
        """
        self._received += 1
        if self._newest is None or 0 < (seq - self._newest[0]) % _NUMBERS < _NUMBERS // 2:
            self._newest = (seq, now)

    def report(self, now: float) -> LineReport | None:
        """What is to be said to the sender now; None: too little time has passed.

        Args:
            now: Monotonic seconds.
        """
        if self._newest is None or not self.wanted:
            return None
        if self._reported_s is not None and now - self._reported_s < REPORT_EVERY_S:
            return None
        self._reported_s = now
        seq, arrival_s = self._newest
        return LineReport(seq, self._received, int(arrival_s * 1000.0))
