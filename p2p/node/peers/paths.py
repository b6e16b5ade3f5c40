"""By what way each member is reached, and how well."""

from typing import NamedTuple

from crypto.ids import MemberId
from p2p.node.media.routing import Routing
from p2p.node.peers.peers import Peers


class Path(NamedTuple):
    """How one member is reached.

    Attributes:
        kind: As ``MediaLink.path`` names a link's; ``relay``; ``none``.
        rtt_ms: Round trip; None while it is unknown.
        loss_pct: What is missing of its sound, 0 to 100; None if it said nothing.
    """

    kind: str
    rtt_ms: float | None
    loss_pct: float | None


class Paths:
    """The ways to all members.

    Args:
        peers: The others.
        routing: Knows what is missing of their sound.
    """

    def __init__(self, peers: Peers, routing: Routing) -> None:
        self._peers = peers
        self._routing = routing

    def to(self, member: MemberId) -> Path:
        """The way to one member."""
        loss_pct = self._routing.loss_pct(member)
        neighbour = self._peers.neighbours.get(member)
        if neighbour is not None:
            link = neighbour.line.link
            loss_pct = link.media.loss_pct if loss_pct is None else loss_pct
            return Path(link.path, link.rtt_ms, loss_pct)
        relay_room = self._peers.dispatch.relay_room
        if member in relay_room.present:
            first = relay_room.failover.first
            if first is not None and relay_room.failover.comparison.paused:
                loss_pct = first.link.loss_pct  # what we did not ask for is not lost
            return Path("relay", relay_room.rtt_ms, loss_pct)
        return Path("none", None, None)

    def reached(self) -> list[MemberId]:
        """Members with a link to us, then those that only a relay connects us with."""
        neighbours = self._peers.neighbours
        afar = self._peers.dispatch.relay_room.present - neighbours.keys()
        known = self._peers.room.state.members
        return [*neighbours, *sorted(member for member in afar if member in known)]

    def reaches_anybody(self) -> bool:
        """Whether ``reached`` gives anybody."""
        known = self._peers.room.state.members
        afar = self._peers.dispatch.relay_room.present
        return bool(self._peers.neighbours) or any(member in known for member in afar)
