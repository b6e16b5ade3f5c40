"""Who may have a link to a relay when many want one. Sans-IO.

Of one net (an IPv4 /24, an IPv6 /48) there may be so many links that a large household, a school or
people behind one mobile provider fit, and no more; when the relay is nearly full, fewer. When it is
full, a link without a seat makes room for a newcomer: of the net that has most of them the oldest.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from p2p.relay.limits import Limits

NEARLY_FULL = 0.75
SHARE_WHEN_NEARLY_FULL = 8
"""Then a net may have this part of all links: an eighth."""

GRACE_S = 5.0
"""So long a newcomer may take to sit down before its link makes room for others."""


@dataclass(frozen=True, slots=True)
class _Link:
    net: bytes | None
    since_s: float


class Places:
    """The links of one relay that others have asked for.

    Args:
        limits: Asked whenever it matters: they may change.
        sits: Whether a link has a seat in a room, or is another relay's in one.
    """

    def __init__(self, limits: Callable[[], Limits], sits: Callable[[int], bool]) -> None:
        self._limits = limits
        self._sits = sits
        self._links: dict[int, _Link] = {}

    def has_one(self, now: float) -> bool:
        """Whether another link can be taken, from a net that has few."""
        return len(self._links) < self._limits().max_links or self._yielding(now) is not None

    def take(self, link: int, net: bytes | None, now: float) -> int | None:
        """A link came up.

        Args:
            link: Its number.
            net: Where it comes from; None: nothing is counted there.
            now: Monotonic seconds.

        Returns:
            The link that must end for it, maybe the new one itself; None: there is room.
        """
        limits, count = self._limits(), len(self._links)
        most = limits.max_links_per_net
        if count >= NEARLY_FULL * limits.max_links:
            most = min(most, max(1, limits.max_links // SHARE_WHEN_NEARLY_FULL))
        if net is not None and sum(one.net == net for one in self._links.values()) >= most:
            return link
        ends = None
        if count >= limits.max_links:
            ends = self._yielding(now)
            if ends is None:
                return link
        self._links[link] = _Link(net, now)
        return ends

    def leave(self, link: int) -> None:
        """A link is gone; also of one that was not taken."""
        self._links.pop(link, None)

    def _yielding(self, now: float) -> int | None:
        """Which link makes room: without a seat, of the net with most of them, the oldest."""
        idle = {
            number: one
            for number, one in self._links.items()
            if now - one.since_s >= GRACE_S and not self._sits(number)
        }
        of_net = Counter(one.net for one in idle.values())
        return max(idle, key=lambda n: (of_net[idle[n].net], -idle[n].since_s), default=None)
