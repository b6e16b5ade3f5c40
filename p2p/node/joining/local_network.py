"""The local network: asking for doors by the sealed beacon, and answering who asks."""

import contextlib
import time
from collections.abc import AsyncIterator

from crypto.contact import Contact
from crypto.roomkey import RoomKey
from p2p.api.settings import Settings
from p2p.dht.lan import LanAsker, LanDoor
from p2p.node.endpoint import MemberEndpoint
from p2p.node.secrets import RoomSecrets
from p2p.rng import system_rng
from p2p.wire.addresses import Scope, scope_of

ASK_LIMIT_S = 5.0


def has_lan(settings: Settings) -> bool:
    """Whether the local network may be used: not behind a proxy, or listening on loopback only."""
    listen = settings.listen
    on_loopback = listen is not None and scope_of(listen[0]) is Scope.LOOPBACK
    return settings.allows("lan") and not on_loopback and not settings.proxy


async def open_lan_door(
    settings: Settings, endpoint: MemberEndpoint, secrets: RoomSecrets
) -> LanDoor | None:
    """Begins to answer beacons; None: we may not, or this machine lets us listen to no group."""
    if settings.hidden or not has_lan(settings):
        return None
    with contextlib.suppress(OSError):
        return await LanDoor.open(
            secrets.room_key,
            secrets.identity.dh,
            endpoint.station.mux.send,
            rng=system_rng,
            now=time.monotonic,
        )
    return None


async def ask_lan(endpoint: MemberEndpoint, key: RoomKey) -> AsyncIterator[Contact]:
    """Asks on every interface, several times, and yields each door once."""
    asker = LanAsker(key, endpoint.station.mux.local_port, system_rng)
    endpoint.ask_lan(asker)
    async for door in asker.doors(ASK_LIMIT_S):
        yield door
