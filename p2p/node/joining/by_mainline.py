"""The words alone, over the Internet: a room's records in BitTorrent's DHT, from both sides."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence

from crypto.contact import Contact
from crypto.ids import DhKey
from crypto.roomkey import RoomKey
from p2p.dht.mainline.client import Mainline
from p2p.dht.mainline.seeking import Ground, let_in, seek
from p2p.dht.rendezvous import find, keep_published
from p2p.link.candidates import ANYWHERE_V6
from p2p.node.endpoint import MemberEndpoint
from p2p.rng import system_rng
from p2p.wire.addresses import Address, Scope, known_scope

LOOK_AGAIN_S = 0.4

DoorsFor = Callable[[Scope], Sequence[Contact]]


def _ground(endpoint: MemberEndpoint, mainline: Mainline, key: RoomKey) -> Ground:
    return Ground(key, mainline, system_rng, time.monotonic, endpoint.dht.time.unix_s)


async def in_mainline(
    endpoint: MemberEndpoint, mainline: Mainline, key: RoomKey
) -> AsyncIterator[Contact]:
    """Look for doors until the race is over, and stand among those who seek them."""
    ground = _ground(endpoint, mainline, key)
    seeking = asyncio.get_running_loop().create_task(seek(ground, lambda: _seen(endpoint)))
    try:
        while True:
            async with contextlib.aclosing(find(key, mainline, unix=ground.unix)) as doors:
                async for door in doors:
                    yield door
            await asyncio.sleep(LOOK_AGAIN_S)
    finally:
        seeking.cancel()
        await asyncio.gather(seeking, return_exceptions=True)


def _seen(endpoint: MemberEndpoint) -> list[Address]:
    """Where others far away see us: no NAT stands before an IPv6 address."""
    whereabouts = endpoint.station.whereabouts
    own = whereabouts.host(ANYWHERE_V6)
    found = [*whereabouts.seen, *([] if own is None else [own])]
    return [each for each in dict.fromkeys(found) if known_scope(each[0]) is Scope.GLOBAL]


class MainlineDoor:
    """Makes our door known there, and opens our router towards who seeks it.

    Args:
        endpoint: Socket and clock.
        mainline: On that socket.
        key: The room key.
        doors: Gives the doors that we vouch for, as far as a scope goes.
        gone: Gives the keys of doors that have left.
        shares: How many members could do this work; 0: a relay passes knocks on.
    """

    def __init__(
        self,
        endpoint: MemberEndpoint,
        mainline: Mainline,
        key: RoomKey,
        doors: DoorsFor,
        gone: Callable[[], Collection[DhKey]],
        shares: Callable[[], int],
    ) -> None:
        self._ground = _ground(endpoint, mainline, key)
        self._send = endpoint.station.mux.send
        self._doors = doors
        self._gone = gone
        self._shares = shares
        self._is_kept = False

    @property
    def ways(self) -> tuple[str, ...]:
        """Whether the words alone lead here now: a code for the front end, or none."""
        if not self._ground.mainline.nodes:
            return ()
        return ("mainline" if self._is_kept else "mainline_soon",)

    async def publish(self) -> None:
        """Keep the room's records alive until cancelled."""
        mainline = self._ground.mainline
        await keep_published(
            self._ground.key,
            mainline,
            lambda: self._doors(Scope.GLOBAL if mainline.scope is None else mainline.scope),
            gone=self._gone,
            rng=system_rng,
            now=time.monotonic,
            unix=self._ground.unix,
            on_kept=self._kept,
        )

    async def let_in(self) -> None:
        """Look for seekers until cancelled; the first look also tells where we are seen."""
        await let_in(self._ground, self._send, self._shares)

    def _kept(self) -> None:
        self._is_kept = True
