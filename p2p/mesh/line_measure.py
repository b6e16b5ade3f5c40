"""What the line of a link carries, told from what was sent and what the other end reports. Sans-IO.

A queue is believed only as far as both clocks say so: the receiver's, between two of our packets,
and our own, between a packet and the report of it (RFC 8888). So an end that reports a queue where
there is none is not believed unless it holds its reports back as well.
"""

from typing import NamedTuple

from p2p.errors import RemoteError
from p2p.mesh.line_load import Load, Sample, Samples
from p2p.wire.line_report import CLOCK_MS, LineReport

_SENT_MAX = 512
_NUMBERS = 1 << 16


class _Sent(NamedTuple):
    """A packet of ours: when it left, and how many bytes had with it."""

    at_s: float
    bytes_so_far: int


class LineMeasure:
    """Of one link, at the end that sends."""

    def __init__(self) -> None:
        self._sent: dict[int, _Sent] = {}
        self._bytes = 0
        self._samples = Samples()
        self._reported_bytes = 0

    def sent(self, seq: int, size_bytes: int, now: float) -> None:
        """Note a packet that leaves.

        Args:
            seq: Its RTP number, 16 bit.
            size_bytes: On the wire, with all headers.
            now: Monotonic seconds.
        """
        self._bytes += size_bytes
        self._sent.pop(seq, None)
        self._sent[seq] = _Sent(now, self._bytes)
        if len(self._sent) > _SENT_MAX:
            del self._sent[next(iter(self._sent))]

    def reported(self, report: LineReport, now: float) -> None:
        """Take what the other end says.

        Args:
            report: Authentic, but its content is whatever the peer likes.
            now: When it came, monotonic seconds.

        Raises:
            RemoteError: It is about a packet that we do not remember, or counts backwards.
        """
        packet = self._sent.get(report.seq)
        if packet is None:
            raise RemoteError("report of a packet that was not sent")
        seq, received = report.seq, report.received
        arrival_ms = float(report.arrival_ms)
        arrived = 0.0
        if (last := self._samples.last) is not None:
            seq = last.seq + _forward(report.seq - last.seq, _NUMBERS)
            received = last.received + _forward(report.received - last.received, _NUMBERS)
            before_ms = round(last.arrival_s * 1000.0)
            arrival_ms = before_ms + _forward(report.arrival_ms - before_ms, CLOCK_MS)
            share = min(1.0, (received - last.received) / max(1, seq - last.seq))
            arrived = last.bytes_arrived + share * (packet.bytes_so_far - self._reported_bytes)
        self._reported_bytes = packet.bytes_so_far
        arrival_s, left_s = arrival_ms / 1000.0, packet.at_s
        self._samples.add(
            Sample(now, seq, received, arrived, arrival_s, arrival_s - left_s, now - left_s)
        )

    def load(self, now: float) -> Load | None:
        """How the line does; None while too little is known, or nothing new for a second."""
        return self._samples.load(now)


def _forward(step: int, numbers: int) -> int:
    """How far a number that turns over has gone on; RemoteError if it went back."""
    step %= numbers
    if step >= numbers // 2:
        raise RemoteError("report that counts backwards")
    return step
