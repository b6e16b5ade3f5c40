"""What our line brings us over one link, told from the sender's clock in its packets. Sans-IO."""

import math

from p2p.mesh.arrivals import Arrivals
from p2p.mesh.line_load import Load, Sample, Samples

SAMPLE_EVERY_S = 0.1
CLOCK_HZ = 48_000
_CLOCK = 1 << 32


class InwardMeasure:
    """Of one link, at the end that receives.

    Attributes:
        due_s: When the next sample is due, monotonic seconds; infinity: nothing is measured.
    """

    def __init__(self) -> None:
        self.due_s = math.inf
        self._samples = Samples()
        self._ticks = 0

    def begin(self) -> None:
        """From now on the sender is one whose packets tell when they left."""
        self.due_s = -math.inf

    def sample(self, arrivals: Arrivals, ticks: int, now: float) -> None:
        """Takes a sample, when it is due, with the newest of all packets.

        Args:
            arrivals: What came so far.
            ticks: The sender's clock when the newest left, 48 kHz, 32 bit.
            now: When it came, monotonic seconds.
        """
        if not self._samples:
            self._ticks = ticks
        self.due_s = now + SAMPLE_EVERY_S
        self._ticks += (ticks - self._ticks + _CLOCK // 2) % _CLOCK - _CLOCK // 2
        took_s, received_bytes = now - self._ticks / CLOCK_HZ, float(arrivals.received_bytes)
        self._samples.add(
            Sample(now, arrivals.newest, arrivals.received, received_bytes, now, took_s, took_s)
        )

    def sent_bps(self) -> float:
        """What the sender sent us a second, with all headers; 0.0 while that is unknown."""
        return self._samples.sent_bps()

    def load(self, now: float) -> Load | None:
        """How the line does; None while too little is known, or nothing came for a second."""
        return self._samples.load(now)
