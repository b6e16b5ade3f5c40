"""What a relay gives at most. All of it is finite by default: volunteers have home uplinks."""

from dataclasses import dataclass

from p2p.relay.units import MONTH_S, said_bytes
from p2p.token_bucket import Allowance, Rate

BURST_S = 1.0
"""A rate may be used this far ahead."""

BUSY_SHARE = 0.9
"""Above this share of the rate nobody new is taken: better no seat than broken sound for all."""

LINKS_PER_NET = 64
"""A class or a laboratory behind one address fits, and one net does not fill a small relay."""

ROOMS_PER_NET = 12

HEARD_BYTES_PER_S = 16e3
"""What one speaker costs for each listener, in the profile ``table``."""
HOME_SHARE = 0.7
"""Of its line; the people at home want to use it too."""
HOME_LINKS_LEAST = 3
"""A speaker, a listener and somebody that comes in."""
HOME_LINKS_PER_ROOM = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """The caps of a relay; ``SIGHUP`` replaces them while it runs.

    Attributes:
        max_rate: Bytes a second that it sends, all rooms together.
        per_link_rate: Bytes a second that one link may send to it.
        max_rooms: Rooms at once.
        max_links: Links at once, members and other relays.
        max_links_per_net: Of these those from one IPv4 /24 or IPv6 /48.
        max_rooms_per_net: Rooms whose first member came from one IPv4 /24 or IPv6 /48.
    """

    max_rate: float = 2e6
    per_link_rate: float = 64e3
    max_rooms: int = 50
    max_links: int = 200
    max_links_per_net: int = LINKS_PER_NET
    max_rooms_per_net: int = ROOMS_PER_NET

    @property
    def monthly(self) -> str:
        """What the rate can add up to in thirty days, for people."""
        return said_bytes(self.max_rate * MONTH_S)


def home_limits(up_kbps: int) -> Limits:
    """Give what a home can carry.

    Args:
        up_kbps: What its line carries upwards, kbit/s.
    """
    rate = HOME_SHARE * up_kbps * 1000 / 8
    links = max(HOME_LINKS_LEAST, 1 + int(rate / HEARD_BYTES_PER_S))
    return Limits(
        max_rate=rate,
        max_rooms=max(1, links // HOME_LINKS_PER_ROOM),
        max_links=links,
        max_links_per_net=max(2, links // 2),
        max_rooms_per_net=max(1, links // HOME_LINKS_PER_ROOM),
    )


class Uplink:
    """Meters what goes out against the cap.

    Args:
        rate: Bytes a second.
        now: Monotonic seconds.
    """

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._bucket = Allowance(Rate(rate * BURST_S, rate), now)
        self._window_s = now
        self._window_bytes = 0.0
        self._per_s = 0.0

    def set_rate(self, rate: float, now: float) -> None:
        """Hold to another rate from now on."""
        if rate != self._rate:
            self._rate = rate
            self._bucket = Allowance(Rate(rate * BURST_S, rate), now)

    def take(self, count: float, now: float) -> bool:
        """Ask to send ``count`` bytes; False: it would be over the cap, drop them."""
        if now - self._window_s >= 1.0:
            self._per_s = self._window_bytes / (now - self._window_s)
            self._window_s, self._window_bytes = now, 0.0
        self._window_bytes += count
        return self._bucket.take(now, count)

    def is_busy(self, now: float) -> bool:
        """Whether there is hardly anything left to give to somebody new."""
        self.take(0.0, now)
        return self._per_s > BUSY_SHARE * self._rate
