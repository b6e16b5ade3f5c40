"""Who waits at our door until a moderator says yes or no. Sans-IO.

What a moderator sees of one door are its newest few questions, so strangers with the words could
push out whoever came before them. So there are only so many places, and who finds none is told so
and asks elsewhere. One net takes no place from another that has fewer; beyond that a place is
somebody's for half a minute at least, and then whoever waited longest gives way.
"""

from collections import Counter
from typing import Final

from crypto.ids import MemberId
from p2p.room.ops.registers import ASKS_MAX
from p2p.token_bucket import Allowance, Rate

SEEN_S = 30.0
"""So long a moderator sees somebody before it may have to give way to others of its net."""

COMING_RATE: Final = Rate(burst=ASKS_MAX, per_s=0.25)
"""People who may come to the door: each is an operation, and may push out seven others."""

Net = bytes | None
"""Where somebody comes from: a block of addresses; None for what is near or comes by a relay."""


class Doorstep:
    """The places at one door. ``now`` is monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._waiting: dict[MemberId, tuple[float, Net]] = {}
        self._coming = Allowance(COMING_RATE, now)

    def come(self, member: MemberId, net: Net, now: float) -> bool:
        """Give a place to somebody; False: there is none. Who waits already keeps its own."""
        if member in self._waiting:
            return True
        goes = self._gives_way(net, now) if len(self._waiting) >= ASKS_MAX else None
        if (goes is None and len(self._waiting) >= ASKS_MAX) or not self._coming.take(now):
            return False
        if goes is not None:
            self.leave(goes)
        self._waiting[member] = now, net
        return True

    def has(self, member: MemberId) -> bool:
        """Tell whether somebody still has its place."""
        return member in self._waiting

    def leave(self, member: MemberId) -> None:
        """Free a place."""
        self._waiting.pop(member, None)

    def _gives_way(self, net: Net, now: float) -> MemberId | None:
        nets = Counter(net for _, net in self._waiting.values())
        most = max(nets.values())
        crowded = nets[net] + 1 < most
        for member, (since_s, theirs) in self._waiting.items():  # who waited longest comes first
            if nets[theirs] == most if crowded else now - since_s >= SEEN_S:
                return member
        return None
