"""What the line of a link carries, told from what was sent and what the other end reports. Sans-IO.

What waits in a queue takes longer than the quickest packet of the last seconds. That is believed
only as far as both clocks say so: the receiver's, between two of our packets, and our own, between
a packet and the report of it. So an end that reports a queue where there is none is not believed
unless it holds its reports back as well (RFC 8888 for the reports, RFC 6817 for the lowest delay).
"""

import statistics
from collections import deque
from typing import NamedTuple

from p2p.errors import RemoteError
from p2p.wire.line_report import CLOCK_MS, LineReport

WINDOW_S = 10.0
"""The quickest packet of so long is taken for one that met no queue."""
LATEST_REPORTS = 5
"""A queue that stands shows in each of so many reports; what one packet waited is jitter."""
ENOUGH_REPORTS = 4
NEWEST_REPORTS = 3
RATE_OVER_S = 0.6
LOSS_OVER_S = 3.0
FRESH_S = 1.0
DRAINS_OVER_S = 1.0
DRAINED_S = 0.02
QUEUE_S = 0.07
"""Longer than that a packet waits only where more is sent than the line carries."""
JITTER_S = 0.05
"""So much longer than usual a packet waits where there is no queue."""
GROWTHS_S = ((2, 0.2), (3, 0.14))
"""From so many reports to as many after them packets wait so much longer: more than by jitter."""
_SENT_MAX = 512
_REPORTS_MAX = 128
_NUMBERS = 1 << 16


class Load(NamedTuple):
    """How a line does.

    Attributes:
        queue_s: How long packets wait on it now.
        jitter_s: How long they wait now and then where there is no queue.
        stands: Whether that is a queue that does not pass by itself.
        loss: Share of packets lost in the last three seconds, 0 to 1; 0 before.
        carried_bps: What arrived a second, with all headers.
        round_trip_s: From the last packet that was reported to the report, queues included.
        drains: Packets come quicker than any did before, so some queue was there all the time.
    """

    queue_s: float
    jitter_s: float
    stands: bool
    loss: float
    carried_bps: float
    round_trip_s: float
    drains: bool = False


class _Sent(NamedTuple):
    """A packet of ours: when it left, and how many bytes had with it."""

    at_s: float
    bytes_so_far: int


class _Sample(NamedTuple):
    """A report and what follows from it. Numbers do not turn over here."""

    at_s: float
    seq: int
    received: int
    arrival_s: float
    one_way_s: float
    round_trip_s: float
    bytes_so_far: int


class LineMeasure:
    """Of one link, at the end that sends."""

    def __init__(self) -> None:
        self._sent: dict[int, _Sent] = {}
        self._bytes = 0
        self._samples: deque[_Sample] = deque(maxlen=_REPORTS_MAX)

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
        if self._samples:
            last = self._samples[-1]
            seq = last.seq + _forward(report.seq - last.seq, _NUMBERS)
            received = last.received + _forward(report.received - last.received, _NUMBERS)
            before_ms = round(last.arrival_s * 1000.0)
            arrival_ms = before_ms + _forward(report.arrival_ms - before_ms, CLOCK_MS)
        arrival_s = arrival_ms / 1000.0
        self._samples.append(
            _Sample(
                now,
                seq,
                received,
                arrival_s,
                arrival_s - packet.at_s,
                now - packet.at_s,
                packet.bytes_so_far,
            )
        )
        while now - self._samples[0].at_s > WINDOW_S:
            self._samples.popleft()

    def load(self, now: float) -> Load | None:
        """How the line does.

        Args:
            now: Monotonic seconds.

        Returns:
            None while too little is known, or nothing new was reported for a second.
        """
        samples = self._samples
        if len(samples) < ENOUGH_REPORTS or now - samples[-1].at_s > FRESH_S:
            return None
        delays_s = _waits(samples)
        earlier_s = [
            delay_s
            for delay_s, each in zip(delays_s, samples, strict=True)
            if now - each.at_s > DRAINS_OVER_S
        ]
        usual_s = statistics.median(earlier_s) if len(earlier_s) >= LATEST_REPORTS else 0.0
        jitter_s = max(QUEUE_S, usual_s + JITTER_S)
        latest_s = delays_s[-LATEST_REPORTS:]
        stands = len(latest_s) == LATEST_REPORTS and min(latest_s) > jitter_s
        return Load(
            min(delays_s[-NEWEST_REPORTS:]),
            jitter_s,
            stands or _grows(delays_s),
            self._loss(now),
            self._carried_bps(now),
            samples[-1].round_trip_s,
            self._drains(now),
        )

    def _drains(self, now: float) -> bool:
        newest = [each.one_way_s for each in self._samples if now - each.at_s <= DRAINS_OVER_S]
        before = [each.one_way_s for each in self._samples if now - each.at_s > DRAINS_OVER_S]
        return bool(newest and before) and min(newest) < min(before) - DRAINED_S

    def _loss(self, now: float) -> float:
        if now - self._samples[0].at_s < LOSS_OVER_S:
            return 0.0
        first, last = self._since(now - LOSS_OVER_S), self._samples[-1]
        sent = last.seq - first.seq
        return max(0.0, 1.0 - (last.received - first.received) / sent) if sent else 0.0

    def _carried_bps(self, now: float) -> float:
        first, last = self._since(now - RATE_OVER_S), self._samples[-1]
        took_s, sent = last.arrival_s - first.arrival_s, last.seq - first.seq
        if not sent or took_s <= 0.0:
            return 0.0
        share = min(1.0, (last.received - first.received) / sent)
        return 8.0 * share * (last.bytes_so_far - first.bytes_so_far) / took_s

    def _since(self, since_s: float) -> _Sample:
        """The first report of a time, or the last but one."""
        early = list(self._samples)[:-1]
        return next((sample for sample in early if sample.at_s >= since_s), early[-1])


def _forward(step: int, numbers: int) -> int:
    """How far a number that turns over has gone on; RemoteError if it went back."""
    step %= numbers
    if step >= numbers // 2:
        raise RemoteError("report that counts backwards")
    return step


def _grows(delays_s: list[float]) -> bool:
    """Whether packets wait longer from report to report, by more than any jitter explains."""
    for count, growth_s in GROWTHS_S:
        before_s, after_s = delays_s[-2 * count : -count], delays_s[-count:]
        if len(before_s) == count and sum(after_s) - sum(before_s) > count * growth_s:
            return True
    return False


def _waits(samples: deque[_Sample]) -> list[float]:
    """How long the packet of each report waited, as far as both clocks agree."""
    one_way_s = min(sample.one_way_s for sample in samples)
    round_trip_s = min(sample.round_trip_s for sample in samples)
    return [
        min(sample.one_way_s - one_way_s, sample.round_trip_s - round_trip_s) for sample in samples
    ]
