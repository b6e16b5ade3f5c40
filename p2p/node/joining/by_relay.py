"""A room's records, looked up by a relay for a member that shows itself to nobody else.

The relay sees ids that hold for an hour. Whoever has the words can write a record, and name in it
a machine of its own; so what stands there is told to the person, and nothing is sent to it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterable

from crypto.contact import Contact
from crypto.ids import DhKey
from crypto.mainline_record import mainline_slots, open_mainline
from crypto.mutable_item import MutableItem
from crypto.record import Item, hour_of, open_record, slots
from crypto.roomkey import RoomKey
from p2p.dht.contact import NodeContact
from p2p.errors import RemoteError, UserError
from p2p.node.relays.relay_link import RelayLink
from p2p.wire.addresses import scope_of

AFTER_S = 5.0
"""Until then somebody may still be found at the relays that we have."""
NAMED_MAX = 8
SHOWN_MAX = 2
_NO_ROOM = 5


class Elsewhere:
    """Relays that the room's records name and our person has not.

    Attributes:
        looking: A relay looks for records now.
    """

    def __init__(self) -> None:
        self.looking = False
        self._named: dict[DhKey, Contact] = {}

    def note(self, contacts: Iterable[Contact], asked: Collection[DhKey]) -> None:
        """Records were read, which name these; we have asked relays with these keys."""
        for contact in contacts:
            if (
                contact.kind == "relay"
                and contact.dh not in asked
                and scope_of(contact.address[0]) is not None
                and len(self._named) < NAMED_MAX
            ):
                self._named.setdefault(contact.dh, contact)

    def give_up(self, waited_s: float) -> None:
        """Raises UserError, which names some of them, once no door was found for a while."""
        if not self._named or self.looking or waited_s < AFTER_S:
            return
        lines = [str(NodeContact(one.address, one.dh)) for one in self._named.values()]
        raise UserError(
            "room_elsewhere",
            "The room was found, at relays that you have not named: {relays}",
            "Whoever has the words can have written this, and who runs a relay sees your address. "
            "If you trust one of these, name it: --relay LINE",
            _NO_ROOM,
            relays=", ".join(lines[:SHOWN_MAX]),
        )


async def in_our_dht(key: RoomKey, link: RelayLink, unix_s: int) -> list[Contact]:
    """What the room's records of this hour name, doors and relays; foreign."""
    hour = hour_of(unix_s)

    def opened(data: bytes) -> Iterable[Contact]:
        item = Item.decode(data)
        item.check_time(unix_s)
        return open_record(key, hour, item)

    return await _named(map(link.resolve, [each.target for each in slots(key, hour)]), opened)


async def in_mainline(key: RoomKey, link: RelayLink, unix_s: int) -> list[Contact]:
    """The same of its records in BitTorrent's DHT."""
    hour = hour_of(unix_s)

    def opened(data: bytes) -> Iterable[Contact]:
        return open_mainline(key, hour, MutableItem.decode(data))

    targets = [each.target for each in mainline_slots(key, hour)]
    return await _named(map(link.resolve_mainline, targets), opened)


async def _named(
    answers: Iterable[Awaitable[Iterable[bytes]]], opened: Callable[[bytes], Iterable[Contact]]
) -> list[Contact]:
    """What all items of some answers name, each once; what can not be opened names nobody."""
    found: dict[Contact, None] = {}
    for data in [item for items in await asyncio.gather(*answers) for item in items]:
        with contextlib.suppress(RemoteError):
            found |= dict.fromkeys(opened(data))
    return list(found)
