"""Which relays a room names: each moderator adds those that it trusts.

Relays of one room join each other in the order that the room names them (``p2p/relay/cascade.py``).
Without a name in that list, members at one relay would not hear those at another, though all of
them chose from the same few. What one adds all others keep, so that moderators who add at once
agree soon. What a person takes out stays in the list as taken out: no program adds it by itself.
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
NO_IP, NO_PORT = bytes(4), 1
"""In the place of the address of a relay that is taken out."""


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
        self._asked: set[DhKey] = set()

    def ask(self, relay: DhKey) -> None:
        """Our person names it in the room: if we may, it comes back though it was taken out."""
        self._asked.add(relay)

    def take_out(self, relay: Contact, now: float) -> None:
        """Takes a relay out of the room, if we may.

        Args:
            relay: The relay.
            now: Monotonic seconds.
        """
        self._asked.discard(relay.dh)
        if self._room.myself.rank > MODERATOR:
            return
        state = self._room.state
        named = [one for one in state.carriers if one.dh != relay.dh]
        out = [one for one in state.carriers_out if one.dh != relay.dh]
        gone = Carrier(relay.dh, NO_IP, NO_PORT)
        self._room.do(SetCarriers((*named, gone, *out)[:CARRIERS_MAX]), now)
        # It is to tell those who have no other; once it is cut off nobody else can.
        for seat in self._failover.seats:
            seat.send_floor(self._room.ops_of(Carriers))

    def tick(self, now: float) -> None:
        """Lets our seats follow, and adds what is missing, if we may; ``now`` in monotonic s."""
        named = self._room.state.carriers
        known = [carrier.dh for carrier in named]
        if known != self._named:
            self._named = known
            self._failover.set_named(known)
            # Two relays that have not joined each other yet have only us between them.
            for seat in self._failover.seats:
                seat.send_floor(self._room.ops_of(Carriers))
        if now < self._next_s or self._failover.first is None:
            return
        self._next_s = now + EVERY_S
        if self._room.myself.rank > MODERATOR:
            return
        out = self._room.state.carriers_out
        shunned = {*known, *({one.dh for one in out} - self._asked)}
        useful = [each for each in self._failover.useful if not is_nowhere(each.address)]
        new = [carrier_of(each) for each in useful if each.dh not in shunned]
        if new := new[: CARRIERS_MAX - len(named)]:
            back = {one.dh for one in new}
            still_out = [one for one in out if one.dh not in back]
            self._room.do(SetCarriers((*named, *new, *still_out)[:CARRIERS_MAX]), now)
            self._asked -= back


def carrier_of(relay: Contact) -> Carrier:
    """A relay as the room names it."""
    host, port = relay.address
    return Carrier(relay.dh, ipaddress.ip_address(host).packed, port)
