"""The ways by which a newcomer learns of doors; all of them race."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from crypto.contact import Contact
from crypto.roomkey import RoomKey
from p2p.api.events import Via
from p2p.api.settings import Settings
from p2p.dht.rendezvous import find
from p2p.node.endpoint import MemberEndpoint
from p2p.node.joining.by_mainline import in_mainline
from p2p.node.joining.local_network import ask_lan, has_lan

LOOK_AGAIN_S = 0.4


def sources(
    settings: Settings,
    endpoint: MemberEndpoint,
    key: RoomKey,
    invited: Sequence[Contact],
    relays: Sequence[Contact],
) -> list[tuple[Via, AsyncIterator[Contact]]]:
    """All ways that the settings allow and that can work at all.

    Args:
        settings: What the person chose.
        endpoint: Our socket and DHT.
        key: Of the room.
        invited: Contacts of the invite; they are asked first.
        relays: Those that the person trusts; who hides goes by them alone.
    """
    found: list[tuple[Via, AsyncIterator[Contact]]] = []
    if settings.hidden:
        return [("relay", _listed(relays))]
    if settings.allows("invite") and invited:
        found.append(("invite", _listed(invited)))
    if has_lan(settings):
        found.append(("lan", ask_lan(endpoint, key)))
    if endpoint.contacts and settings.allows("dht"):
        found.append(("dht", _in_dht(endpoint, key)))
    if endpoint.mainline is not None:
        found.append(("dht", in_mainline(endpoint, endpoint.mainline, key)))
    if relays and settings.allows("relay"):
        found.append(("relay", _listed(relays)))
    return found


async def _listed(contacts: Sequence[Contact]) -> AsyncIterator[Contact]:
    for contact in contacts:
        yield contact


async def _in_dht(endpoint: MemberEndpoint, key: RoomKey) -> AsyncIterator[Contact]:
    """Looks until the race is over: a room may be a second old, its record under way."""
    while True:
        async with contextlib.aclosing(
            find(key, endpoint.dht, unix=endpoint.dht.time.unix_s)
        ) as doors:
            async for door in doors:
                yield door
        await asyncio.sleep(LOOK_AGAIN_S)
