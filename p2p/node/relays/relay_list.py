"""Which relays a room names: each moderator adds those that it trusts.

Relays of one room join each other in the order that the room names them (``p2p/relay/cascade.py``).
Without a name in that list, members at one relay would not hear those at another, though all of
them chose from the same few. The list only grows, so that moderators who add at once agree soon.
"""

import ipaddress

from crypto.contact import Contact
from crypto.ids import DhKey
from p2p.node.relays.failover import Failover
from p2p.room.commands import SetCarriers
from p2p.room.ops.kinds import CARRIERS_MAX, Carrier, Carriers
from p2p.room.ops.powers import MODERATOR
from p2p.room.room import Room
from p2p.wire.addresses import is_nowhere

EVERY_S = 3.0


class RelayList:
    """Names relays on behalf of one member, and follows what the room names.

    Args:
        room: What the members agree on.
        failover: Our seats at relays.
    """

    def __init__(self, room: Room, failover: Failover) -> None:
        self._room = room
        self._failover = failover
        self._named: list[DhKey] = []
        self._next_s = 0.0

    def tick(self, now: float) -> None:
        """Lets our seats follow, and adds what is missing, if we may; ``now`` in monotonic s."""
        named = self._room.state.carriers
        known = [carrier.dh for carrier in named]
        if known != self._named:
            self._named = known
            self._failover.set_named(known)
            # Two relays that have not joined each other yet have only us between them.
            self._failover.send_floor(self._room.ops_of(Carriers))
        if now < self._next_s or self._failover.first is None:
            return
        self._next_s = now + EVERY_S
        if self._room.myself.rank > MODERATOR:
            return
        useful = [each for each in self._failover.useful if not is_nowhere(each.address)]
        new = [carrier_of(each) for each in useful if each.dh not in known]
        if new[: CARRIERS_MAX - len(named)]:
            self._room.do(SetCarriers((*named, *new)[:CARRIERS_MAX]), now)


def carrier_of(relay: Contact) -> Carrier:
    """A relay as the room names it."""
    host, port = relay.address
    return Carrier(relay.dh, ipaddress.ip_address(host).packed, port)
