"""What a relay looks up for others, in both networks, on its one socket."""

from crypto.relay_record import relay_target
from p2p.dht.mainline.client import Mainline
from p2p.dht.mainline.krpc import BEGINNINGS
from p2p.dht.node import DhtNode
from p2p.dht.relay_finder import addresses_said
from p2p.relay.courier import Courier, LookupAsked
from p2p.relay.dht_items import ItemKeeper
from p2p.relay.mainline_desk import MainlineDesk, NoMainline
from p2p.relay.rooms import Call
from p2p.wire.addresses import Address


class Lookups:
    """See the module.

    Args:
        dht: Our own network.
        items: What the relay itself has written there.
        mainline: BitTorrent's; None: the operator does not want it.

    Attributes:
        dht: As given.
        desk: Asks in BitTorrent's.
    """

    def __init__(self, dht: DhtNode, items: ItemKeeper, mainline: Mainline | None) -> None:
        self.dht = dht
        self.desk = MainlineDesk(mainline or NoMainline())
        self._items = items
        self._mainline = mainline

    def receive(self, data: bytes, sender: Address) -> None:
        """Takes a datagram under no veil that is no cookie."""
        if self._mainline is not None and data.startswith(BEGINNINGS):
            self._mainline.receive(data, sender)
        else:
            self.dht.receive(data, sender)

    async def answer(self, asked: LookupAsked, courier: Courier) -> None:
        """Looks up what a member has asked for; the courier hands it over."""
        if asked.in_mainline:
            found = await self.desk.look_up(asked.target)
        elif (own := self._items.own(asked.target)) is not None:
            found = [own.encode()]
        else:
            found = [item.encode() for item in await self.dht.get(asked.target)]
        courier.resolved(asked, found)

    async def addresses_of(self, call: Call) -> tuple[Address, ...]:
        """Where a relay that does not answer says that it is now."""
        items = [item.encode() for item in await self.dht.get(relay_target(call.dh))]
        return addresses_said(call.dh, items, [call.address])
