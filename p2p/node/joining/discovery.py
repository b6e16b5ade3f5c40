"""The ways by which a newcomer learns of doors; all of them race."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from crypto.contact import Contact
from crypto.invite import Invite
from crypto.roomkey import RoomKey
from p2p.api.events import Via
from p2p.api.settings import Settings
from p2p.clock import unix_s
from p2p.dht.rendezvous import find
from p2p.node.endpoint import MemberEndpoint
from p2p.node.joining.local_network import ask_lan, has_lan

LOOK_AGAIN_S = 0.4


def sources(
    settings: Settings, net: MemberEndpoint, key: RoomKey, invite: Invite, relays: Sequence[Contact]
) -> list[tuple[Via, AsyncIterator[Contact]]]:
    """All ways that the settings allow and that can work at all.

    Args:
        settings: What the person chose.
        net: Our socket and DHT.
        key: Of the room.
        invite: Its contacts are asked first.
        relays: Those that the person trusts; who hides goes by them alone.
    """
    found: list[tuple[Via, AsyncIterator[Contact]]] = []
    if settings.hidden:
        return [("relay", _listed(relays))]
    if settings.allows("invite") and invite.contacts:
        found.append(("invite", _listed(invite.contacts)))
    if has_lan(settings):
        found.append(("lan", ask_lan(net, key)))
    if net.contacts and settings.allows("dht"):
        found.append(("dht", _in_dht(net, key)))
    if relays and settings.allows("relay"):
        found.append(("relay", _listed(relays)))
    return found


async def _listed(contacts: Sequence[Contact]) -> AsyncIterator[Contact]:
    for contact in contacts:
        yield contact


async def _in_dht(net: MemberEndpoint, key: RoomKey) -> AsyncIterator[Contact]:
    """Looks until the race is over: a room may be a second old, its record under way."""
    while True:
        async with contextlib.aclosing(find(key, net.dht, unix=unix_s)) as doors:
            async for door in doors:
                yield door
        await asyncio.sleep(LOOK_AGAIN_S)
