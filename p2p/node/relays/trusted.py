"""The relays that a person has chosen to trust with its address, and where each is found.

They come from the invite, from ``--relay`` and from the lists of entry nodes, and from nowhere
else: whoever could name another one through the DHT or in the room could learn who is in it.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from crypto.contact import WEB_MAX_CHARS, Contact
from crypto.errors import RemoteError
from crypto.ids import DhKey
from crypto.invite import Invite
from p2p.dht.contact import NodeContact
from p2p.wire.addresses import Address, is_nowhere, normalise, scope_of
from p2p.wire.web_place import WebPlace

ADDRESSES_MAX = 4
LOOK_UP_LIMIT_S = 3.0

Found = Mapping[WebPlace, Sequence[Address]]
"""What names stand for."""


@dataclass(frozen=True, slots=True)
class RelayPlaces:
    """Where one relay is found.

    Attributes:
        addresses: By UDP.
        webs: By streams.
    """

    addresses: tuple[Address, ...]
    webs: tuple[WebPlace, ...]

    def with_first(self, addresses: Iterable[Address]) -> "RelayPlaces":
        """With these before those that are known; of many the last are forgotten."""
        new = tuple(addresses)
        webs = (*(WebPlace(*address) for address in new), *self.webs)
        return RelayPlaces(
            tuple(dict.fromkeys(new + self.addresses))[:ADDRESSES_MAX],
            tuple(dict.fromkeys(webs))[:ADDRESSES_MAX],
        )


@dataclass(frozen=True, slots=True)
class TrustedRelays:
    """See the module.

    Attributes:
        contacts: The relays, the nearest to the person first.
        places: Of each, by its key: one may be named by an IPv4 line, an IPv6 line and a name.
    """

    contacts: tuple[Contact, ...]
    places: Mapping[DhKey, RelayPlaces]

    @classmethod
    def of(
        cls,
        named: Iterable[NodeContact],
        entry_nodes: Iterable[NodeContact],
        invite: Invite | None,
        found: Found,
    ) -> "TrustedRelays":
        """Collect them.

        Args:
            named: By ``--relay``.
            entry_nodes: From ``--bootstrap`` and the file.
            invite: What we were given, if anything.
            found: What names of relays stand for.
        """
        given = [] if invite is None else [c for c in invite.contacts if c.kind == "relay"]
        lines = [*map(relay_of, named), *given, *map(relay_of, entry_nodes)]
        lines = [_with_address(line, found) for line in lines]
        first: dict[DhKey, Contact] = {}
        places: dict[DhKey, RelayPlaces] = {}
        for line in lines:
            first.setdefault(line.dh, line)
            more, known = places_of(line, found), places.get(line.dh, RelayPlaces((), ()))
            places[line.dh] = RelayPlaces(
                tuple(dict.fromkeys(known.addresses + more.addresses))[:ADDRESSES_MAX],
                tuple(dict.fromkeys(known.webs + more.webs))[:ADDRESSES_MAX],
            )
        contacts = [_reachable(each, places[dh]) for dh, each in first.items()]
        return cls(tuple(contacts), places)


def places_of(relay: Contact, found: Found | None = None) -> RelayPlaces:
    """Say where one relay is found, by what its contact alone says."""
    own = () if is_nowhere(relay.address) else (relay.address,)
    web = _name_of(relay)
    if web is None:
        return RelayPlaces(own, tuple(WebPlace(*address) for address in own))
    if web.path:
        return RelayPlaces((), (web,))
    return RelayPlaces(tuple((found or {}).get(web, own)), (web,))


async def look_up(named: Iterable[NodeContact | Contact]) -> dict[WebPlace, list[Address]]:
    """Ask the system's resolver for names of relays that are reached by UDP as well.

    Whoever runs the resolver, and who watches the line to it, learns these names.

    Returns:
        What was found; a name that nobody knows now is left out.
    """
    webs = {
        contact.web if isinstance(contact, NodeContact) else _name_of(contact) for contact in named
    }
    asked = [web for web in webs if web is not None and not web.path]
    answers = await asyncio.gather(*map(_addresses_of, asked))
    return {web: answer for web, answer in zip(asked, answers, strict=True) if answer}


async def looked_up_again(places: RelayPlaces) -> RelayPlaces:
    """Follow a relay that has moved: its name stands for what it stands for now."""
    answers = [await _addresses_of(web) for web in places.webs if web.is_name and not web.path]
    addresses = [address for answer in answers for address in answer]
    known = tuple(dict.fromkeys((*addresses, *places.addresses)))[:ADDRESSES_MAX]
    return RelayPlaces(known, places.webs)


async def _addresses_of(web: WebPlace) -> list[Address]:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):
        async with asyncio.timeout(LOOK_UP_LIMIT_S):
            answers = await loop.getaddrinfo(web.host, web.port, type=socket.SOCK_DGRAM)
            found = dict.fromkeys(normalise(answer[4][:2]) for answer in answers)  # type: ignore[arg-type]
            return [each for each in found if scope_of(each[0]) is not None][:ADDRESSES_MAX]
    return []


def relay_of(line: NodeContact) -> Contact:
    """The relay that a line names."""
    web = "" if line.web is None else str(line.web)
    return Contact(line.key, line.address, "relay", web)


def _with_address(relay: Contact, found: Found) -> Contact:
    """With the first address that its name stands for: others may have no name for it."""
    web = _name_of(relay)
    addresses = found.get(web, ()) if web is not None else ()
    return replace(relay, address=addresses[0]) if addresses else relay


def _reachable(relay: Contact, places: RelayPlaces) -> Contact:
    """With an address, if any line of it has one."""
    if is_nowhere(relay.address) and places.addresses:
        return replace(relay, address=places.addresses[0])
    return relay


def _name_of(relay: Contact) -> WebPlace | None:
    if not relay.web or len(relay.web) > WEB_MAX_CHARS:
        return None
    try:
        web = WebPlace.parse(relay.web)
    except RemoteError:
        return None  # whoever made the invite is of another make: its address may do
    return web if web.is_name or web.path else None
