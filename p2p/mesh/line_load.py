"""How a line does, from samples of how its packets come. Sans-IO.

What waits in a queue takes longer than the quickest packet of the last seconds (as in RFC 6817).
"""

import statistics
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

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
"""From each of so many reports to that as many later packets wait so much longer.

That is more than jitter, and more than one stall of a busy machine does."""
_SAMPLES_MAX = 128


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


class Sample(NamedTuple):
    """Of one packet, and of all up to it. Numbers do not turn over here.

    Attributes:
        at_s: When we learnt of it, monotonic seconds.
        seq: Its number.
        received: Packets that came so far.
        bytes_arrived: How many bytes they had, with all headers.
        arrival_s: When it came, by the receiver's clock.
        one_way_s: That less when it left, each by its own clock.
        round_trip_s: How long it and the word of it took, by one clock.
    """

    at_s: float
    seq: int
    received: int
    bytes_arrived: float
    arrival_s: float
    one_way_s: float
    round_trip_s: float


class Samples:
    """The samples of the last seconds."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=_SAMPLES_MAX)

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def last(self) -> Sample | None:
        """The newest."""
        return self._samples[-1] if self._samples else None

    def add(self, sample: Sample) -> None:
        """Take one in; none is older than the one before."""
        self._samples.append(sample)
        while sample.at_s - self._samples[0].at_s > WINDOW_S:
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
        # By columns, and once for all: a speaker asks this of each of its links ten times a second.
        at_s, _, _, _, _, one_way_s, round_trip_s = zip(*samples, strict=True)
        delays_s = _waits(one_way_s, round_trip_s)
        newest = bisect_left(at_s, now - DRAINS_OVER_S)
        earlier_s = delays_s[:newest]
        usual_s = statistics.median(earlier_s) if len(earlier_s) >= LATEST_REPORTS else 0.0
        jitter_s = max(QUEUE_S, usual_s + JITTER_S)
        latest_s = delays_s[-LATEST_REPORTS:]
        stands = len(latest_s) == LATEST_REPORTS and min(latest_s) > jitter_s
        return Load(
            min(delays_s[-NEWEST_REPORTS:]),
            jitter_s,
            stands or _grows(delays_s),
            self._loss(at_s, now),
            self._carried_bps(at_s, now),
            samples[-1].round_trip_s,
            _drains(one_way_s, newest),
        )

    def sent_bps(self) -> float:
        """What left for us a second, by the sender's clock; 0.0 while that is unknown."""
        if len(self._samples) < ENOUGH_REPORTS:
            return 0.0
        last = self._samples[-1]
        first = self._since([each.at_s for each in self._samples], last.at_s - RATE_OVER_S)
        took_s = last.arrival_s - last.one_way_s - (first.arrival_s - first.one_way_s)
        return 8.0 * (last.bytes_arrived - first.bytes_arrived) / took_s if took_s > 0.0 else 0.0

    def _loss(self, at_s: Sequence[float], now: float) -> float:
        if now - self._samples[0].at_s < LOSS_OVER_S:
            return 0.0
        first, last = self._since(at_s, now - LOSS_OVER_S), self._samples[-1]
        sent = last.seq - first.seq
        return max(0.0, 1.0 - (last.received - first.received) / sent) if sent else 0.0

    def _carried_bps(self, at_s: Sequence[float], now: float) -> float:
        first, last = self._since(at_s, now - RATE_OVER_S), self._samples[-1]
        took_s = last.arrival_s - first.arrival_s
        if took_s <= 0.0:
            return 0.0
        return 8.0 * (last.bytes_arrived - first.bytes_arrived) / took_s

    def _since(self, at_s: Sequence[float], since_s: float) -> Sample:
        """The first report of a time, or the last but one."""
        return self._samples[bisect_left(at_s, since_s, 0, len(at_s) - 2)]


def _grows(delays_s: list[float]) -> bool:
    """Whether packets wait longer from report to report, by more than any jitter explains."""
    for count, growth_s in GROWTHS_S:
        pairs = list(zip(delays_s[-2 * count : -count], delays_s[-count:], strict=False))
        if len(pairs) == count and all(after - before > growth_s for before, after in pairs):
            return True
    return False


def _waits(one_way_s: Sequence[float], round_trip_s: Sequence[float]) -> list[float]:
    """How long the packet of each report waited, as far as both clocks agree."""
    least_one_way_s, least_round_trip_s = min(one_way_s), min(round_trip_s)
    return [
        min(one - least_one_way_s, both - least_round_trip_s)
        for one, both in zip(one_way_s, round_trip_s, strict=True)
    ]


def _drains(one_way_s: Sequence[float], newest: int) -> bool:
    """Whether the newest packets came quicker than all before them."""
    if not 0 < newest < len(one_way_s):
        return False
    return min(one_way_s[newest:]) < min(one_way_s[:newest]) - DRAINED_S
