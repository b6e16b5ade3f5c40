"""Finding members again: whoever is missing from our links is looked for as a newcomer would.

Two members may know of each other only through a third. When that one leaves, or when networks
change under several at once, the only thing left that they share is the room key.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from crypto.contact import Contact
from p2p.api.events import Via
from p2p.errors import RemoteError
from p2p.link.work import Work
from p2p.node.peers.peers import Peers
from p2p.node.relays.relay_links import RELAYS_MAX, RelayLinks

FIRST_WAIT_S = 1.0
WAIT_MAX_S = 30.0
ALONE_WAIT_S = 2.0
LOOK_S = 4.0

MakeSources = Callable[[], list[tuple[Via, AsyncIterator[Contact]]]]


class Rediscovery:
    """Looks for members that should be here and are not.

    Args:
        peers: Say who is missing, and are told where somebody may be.
        relay_links: Gets relays that are found on the way.
        make_sources: Ways to look, as for a newcomer.
    """

    def __init__(self, peers: Peers, relay_links: RelayLinks, make_sources: MakeSources) -> None:
        self._peers = peers
        self._relay_links = relay_links
        self._make_sources = make_sources

    async def run(self) -> None:
        """Looks, waits longer each time in vain, until cancelled."""
        wait_s = FIRST_WAIT_S
        while True:
            await asyncio.sleep(wait_s)
            missing = self._peers.mesh.missing()
            if not missing:
                wait_s = FIRST_WAIT_S
                continue
            await self._look()
            alone = not self._peers.neighbours
            found = len(self._peers.mesh.missing()) < len(missing)
            wait_s = FIRST_WAIT_S if found else min(WAIT_MAX_S, wait_s * 2)
            wait_s = min(wait_s, ALONE_WAIT_S) if alone else wait_s

    async def _look(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S), Work() as work:
                reading = [
                    work.create_task(self._read(work, source)) for _, source in self._make_sources()
                ]
                await asyncio.gather(*reading)

    async def _read(self, work: Work, source: AsyncIterator[Contact]) -> None:
        async for contact in source:
            if contact.kind == "door":
                self._peers.may_be_at(contact.dh, contact.address)
            elif len(self._relay_links.links) < RELAYS_MAX:
                work.create_task(self._try(contact))  # a dead one is not waited for

    async def _try(self, relay: Contact) -> None:
        with contextlib.suppress(TimeoutError, RemoteError):
            await self._relay_links.get(relay)
