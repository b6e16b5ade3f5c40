"""Who hangs at a relay in one room: members on seats, other relays on boughs."""

from dataclasses import dataclass, field

from crypto.ids import DhKey, MemberId
from p2p.errors import RemoteError
from p2p.relay.limits import Limits
from p2p.relay.portion import WHOLE, Portion
from p2p.room.store.opset import MEMBERS_MAX
from p2p.token_bucket import Allowance, Rate

FLOOR_RATE = Rate(burst=2200.0, per_s=50.0)
GOSSIP_RATE = Rate(burst=120.0, per_s=20.0)
WRAP_RATE = Rate(burst=32.0, per_s=1.0)
"""Who is asked for wraps answers ten times a second, for two seconds."""

ROUTE_RATE = Rate(burst=20.0, per_s=3.0)
PRESENT_RATE = Rate(burst=3.0 * MEMBERS_MAX, per_s=500.0)
"""Members that a relay says came or went behind it: everybody here is told of each."""

BOUGH_TIMES = 16.0
"""A relay speaks for many members."""

BYTES_BURST_S = 2.0


class Allowances:
    """What one link may send in one room.

    Args:
        limits: Of the relay.
        now: Monotonic seconds.
        times: How many members it stands for.
    """

    def __init__(self, limits: Limits, now: float, times: float = 1.0) -> None:
        rate = limits.per_link_rate * times
        self._bytes = Allowance(Rate(rate * BYTES_BURST_S, rate), now)
        self._floor = _times(FLOOR_RATE, times, now)
        self._gossip = _times(GOSSIP_RATE, times, now)
        self._wraps = _times(WRAP_RATE, times, now)
        self._routes = _times(ROUTE_RATE, times, now)
        self._present = Allowance(PRESENT_RATE, now)

    def frame(self, size_bytes: int, now: float) -> bool:
        """One frame; False: drop it."""
        return self._bytes.take(now, size_bytes)

    def floor(self, count: int, now: float) -> None:
        """So many operations; raises RemoteError when over the rate."""
        _require(self._floor, now, count)

    def gossip(self, size_bytes: int, now: float) -> None:
        """One message for others; raises RemoteError when over the rate."""
        _require(self._bytes, now, size_bytes)
        _require(self._gossip, now)

    def wraps(self, now: float) -> None:
        """One message with wraps; raises RemoteError when over the rate."""
        _require(self._wraps, now)

    def present(self, count: int, now: float) -> None:
        """So many members that came or went; raises RemoteError when over the rate."""
        _require(self._present, now, count)

    def route(self, now: float) -> None:
        """One route; raises RemoteError when over the rate."""
        _require(self._routes, now)


@dataclass(slots=True)
class Seat:
    """One attached member.

    Attributes:
        member: Its id.
        allowances: What it may send.
        tuned: Whether it gets sound, or waits in reserve.
        portion: Of the sound what its line carries.
    """

    member: MemberId
    allowances: Allowances
    tuned: bool = True
    portion: Portion = WHOLE


@dataclass(slots=True)
class Bough:
    """Another relay of the room.

    Attributes:
        dh: Its key.
        allowances: What it may send.
        present: The members behind it.
        told: The members that it was told of.
    """

    dh: DhKey
    allowances: Allowances
    present: set[MemberId] = field(default_factory=set)
    told: set[MemberId] = field(default_factory=set)


def _times(rate: Rate, times: float, now: float) -> Allowance:
    return Allowance(Rate(rate.burst * times, rate.per_s * times), now)


def _require(bucket: Allowance, now: float, count: float = 1.0) -> None:
    if not bucket.take(now, count):
        raise RemoteError("over the rate")
