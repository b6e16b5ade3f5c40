"""Our links to relays: made by whatever way leads to them, kept, and made again."""

import asyncio
import contextlib
import math
import time
from collections.abc import Iterable, Mapping

from crypto.contact import Contact
from crypto.ids import DhKey
from crypto.knock import HELLO, NO_PSK
from crypto.relay_record import relay_target
from crypto.veil import Veil
from p2p.errors import RemoteError
from p2p.link.dial import Ways, reach
from p2p.link.line import Line
from p2p.link.link import MediaLink
from p2p.link.work import Work
from p2p.node.endpoint import MemberEndpoint
from p2p.node.inbox import RelayDeaf, RelayMissed, RelayMoved, RelayUp
from p2p.node.relays.frozen import move_when_frozen
from p2p.node.relays.relay_link import RelayLink
from p2p.node.relays.relay_map import RelayMap
from p2p.node.relays.relay_streams import RelayStreams, back_to_udp, fall_back
from p2p.node.relays.trusted import RelayPlaces, looked_up_again
from p2p.trace import trace

HELLO_LIMIT_S = 10.0
SHUN_UDP_S = 600.0
"""How long a relay is asked by TCP alone whose messages somebody has taken out of UDP."""
RETRY_S = 1.0
RETRY_MAX_S = 20.0
SILENT_S = 3.5
LAST_WORDS_S = 1.0
KEPT_MAX = 2
FIND_AGAIN_S = 1.5
"""A relay that has not answered for so long is looked for elsewhere."""
RELAYS_MAX = 4
"""So many relays that others have told us of are tried."""
LASTING_S = 5.0
"""A link that ends sooner came to nothing: the relay is full, or closes on us."""


class RelayLinks:
    """All our links to relays; lost ones are made again.

    Args:
        endpoint: Ours; its inbox is told of each relay that is (again) there.
        work: Where links run.
        places: Where relays are found that are known by more than one line, by their keys.

    Attributes:
        map: Where they are.
    """

    def __init__(
        self,
        endpoint: MemberEndpoint,
        work: Work,
        places: Mapping[DhKey, RelayPlaces] | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._station = endpoint.station
        self.map = RelayMap(places or {})
        self._stale: set[bytes] = set()
        self._shun_udp_s: dict[DhKey, float] = {}
        self._hopes: set[MediaLink] = set()
        self._work = work
        self._has_others = False
        self._links: dict[DhKey, RelayLink] = {}
        self._wanted: dict[DhKey, Contact] = {}
        self._making: dict[DhKey, asyncio.Lock] = {}
        self._unwanted: set[DhKey] = set()

    @property
    def links(self) -> list[RelayLink]:
        """The links that work now and are to go on."""
        going_on = (link for dh, link in self._links.items() if dh not in self._unwanted)
        return [link for link in going_on if link.open]

    @property
    def is_getting_on(self) -> bool:
        """Whether some relay has answered, and a link to it is in the making or up."""
        return bool(self.links) or any(
            link.setup.progressed_s > link.setup.began_s for link in self._hopes
        )

    @property
    def wanted(self) -> bool:
        """Whether there are relays that we keep links to, or try to."""
        return bool(self._wanted)

    @property
    def kept(self) -> list[Contact]:
        """The relays that we keep links to, or try to."""
        return list(self._wanted.values())

    def observe_others(self, *, linked: bool) -> None:
        """Whether we have a link with any member.

        If not, and no relay is there, our own network may be gone, and people wait for it to come
        back: then a lost relay is tried more often.
        """
        self._has_others = linked

    def uses(self, relay: DhKey) -> Contact | None:
        """The relay of this key, if we keep a link to it or have one; None otherwise."""
        link = self._links.get(relay)
        return self._wanted.get(relay) or (None if link is None else link.contact)

    def of_relay(self, contact: Contact) -> RelayLink | None:
        """The link to this relay, if there is one that works."""
        link = self._links.get(contact.dh)
        return link if link is not None and link.open else None

    def keep(self, contact: Contact, *, asked: bool = False) -> None:
        """Keeps a link to this relay for the whole run.

        Args:
            contact: The relay; only the first few are kept.
            asked: Our person has named it just now: it is kept also if there are enough.
        """
        if asked:
            self._unwanted.discard(contact.dh)
        if contact.dh not in self._wanted and (asked or len(self._wanted) < KEPT_MAX):
            self._wanted[contact.dh] = contact
            self._work.create_task(self._keep(contact))

    def let_go(self, relay: DhKey) -> None:
        """Ends the link to a relay that our person does not want any more; none is made again."""
        self._unwanted.add(relay)
        self._wanted.pop(relay, None)
        if (link := self._links.get(relay)) is not None:
            self._work.create_task(_close_soon(link))

    def is_unwanted(self, relay: DhKey) -> bool:
        """Whether our person does not want it any more."""
        return relay in self._unwanted

    async def get(self, contact: Contact) -> RelayLink:
        """The link to a relay, made now if there is none.

        Raises:
            TimeoutError: It does not answer.
            RemoteError: No link came up, or our person does not want it.
        """
        if self.is_unwanted(contact.dh):
            raise RemoteError("a relay that is not wanted")
        async with self._making.setdefault(contact.dh, asyncio.Lock()):
            known = self._links.get(contact.dh)
            if known is not None and known.open:
                return known
            try:
                line = await self._reach(contact)
            except (TimeoutError, RemoteError) as exc:
                self._stale.add(contact.dh)
                trace("relay_failed", why=type(exc).__name__)
                raise
            trace("relay_up", by_tcp=line.link.by_stream)
            link = self._links[contact.dh] = RelayLink(contact, line, self._endpoint)
            if not self._station.mux.web_only:
                self._work.create_task(self._thaw(line.link, link))
            self._work.create_task(self._serve(link))
            self._work.create_task(self._ask_itself(link))
            self._endpoint.inbox.post(RelayUp(contact))
            return link

    async def _thaw(self, link: MediaLink, relay: RelayLink) -> None:
        """Moves a link whose flow somebody stops to TCP, and back once UDP works."""
        contact = relay.contact
        places = self.map.of(contact)
        streams = RelayStreams(self._station.mux.streams, contact.dh, places.webs)

        def moved() -> None:
            self._work.create_task(back_to_udp(link, places, streams))

        await move_when_frozen(link, streams, lambda: relay.seated, moved)

    async def _reach(self, contact: Contact) -> Line:
        """Makes a link by UDP or, where that gets nowhere, by streams; all its places race."""
        mux = self._station.mux
        if contact.dh in self._stale:
            if not mux.web_only:
                self.map.put(contact, await looked_up_again(self.map.of(contact)))
            await self._look_for(contact)
        places = self.map.of(contact)
        addresses = places.addresses
        streams = RelayStreams(mux.streams, contact.dh, places.webs)
        ways = Ways(*addresses)
        shuns = time.monotonic() < self._shun_udp_s.get(contact.dh, 0.0)
        if mux.web_only or not addresses or shuns:
            opened = await streams.open()
            if not opened and (mux.web_only or not addresses):
                raise RemoteError("no stream to the relay")
            ways = Ways(*(opened or addresses))
        link = self._station.new_link(Veil(contact.dh), controlling=True)
        self._hopes.add(link)
        falling_back = self._work.create_task(fall_back(link, streams, ways))
        finding = self._work.create_task(self._find_again(contact))
        try:
            with self.map.trying(contact, ways):
                line, _ = await reach(
                    self._station, contact.dh, NO_PSK, HELLO, ways, HELLO_LIMIT_S, link
                )
        except BaseException:
            streams.close()
            raise
        finally:
            self._hopes.discard(link)
            falling_back.cancel()
            finding.cancel()
        line.on_deaf = lambda: self._deaf(contact)
        if not link.by_stream:
            streams.close()
        elif not (shuns or mux.web_only) and any(not web.path for web in places.webs):
            self._work.create_task(back_to_udp(link, places, streams))
        return line

    async def _find_again(self, contact: Contact) -> None:
        """While a relay does not answer where we knew it: it may have moved."""
        wait_s = FIND_AGAIN_S
        while not self._station.mux.web_only:
            await asyncio.sleep(wait_s)
            await self._look_for(contact)
            wait_s *= 2.0

    async def _look_for(self, contact: Contact) -> None:
        """Asks where the relay says that it is now, of those alone whom we ask for rooms, too."""
        if not self.map.of(contact).addresses:
            return  # who has a line of the web alone sends no datagram
        self._endpoint.inbox.post(RelayMissed(contact))
        target = relay_target(contact.dh)
        asked = [link.resolve(target) for link in self.links if link.contact.dh != contact.dh]
        found = [item for items in await asyncio.gather(*asked) for item in items]
        if self._endpoint.dht.peers:
            found += [item.encode() for item in await self._endpoint.dht.get(target)]
        self._heard(contact, found)

    async def _ask_itself(self, link: RelayLink) -> None:
        """Has the relay say where it is, for those who may miss it one day."""
        self._heard(link.contact, await link.resolve(relay_target(link.contact.dh)))

    def _heard(self, contact: Contact, items: Iterable[bytes]) -> None:
        if self.map.hear(contact, items, ours=True):
            self._endpoint.inbox.post(RelayMoved(contact))

    def may_be_at(self, contact: Contact) -> None:
        """Our person says that a relay that we use is at another address."""
        self._stale.add(contact.dh)
        self.map.add(contact, [contact.address])

    def _deaf(self, contact: Contact) -> None:
        self._shun_udp_s[contact.dh] = time.monotonic() + SHUN_UDP_S
        self._endpoint.inbox.post(RelayDeaf(contact))

    async def close(self) -> None:
        """Ends all links; none is made again."""
        self._wanted.clear()
        await asyncio.gather(*(link.close() for link in self._links.values()))

    async def _serve(self, link: RelayLink) -> None:
        try:
            await link.serve()
        finally:
            trace("relay_down")
            await link.close()
            if self._links.get(link.contact.dh) is link:
                del self._links[link.contact.dh]

    async def _keep(self, contact: Contact) -> None:
        wait_s = RETRY_S
        while contact.dh in self._wanted:
            with contextlib.suppress(TimeoutError, RemoteError):
                link = await self.get(contact)
                began_s = time.monotonic()
                await link.until_silent(SILENT_S)
                await link.close()
                if time.monotonic() - began_s > LASTING_S:
                    wait_s = RETRY_S
                    continue
            await self._wait(wait_s)
            wait_s = min(RETRY_MAX_S, wait_s * 1.5)

    async def _wait(self, wait_s: float) -> None:
        """Waits so long, or only a second if there is nobody at all."""
        for _ in range(math.ceil(wait_s / RETRY_S)):
            await asyncio.sleep(RETRY_S)
            if not self._has_others and not self.links:
                return


async def _close_soon(link: RelayLink) -> None:
    """Ends a link once what we have just said has arrived."""
    await asyncio.sleep(LAST_WORDS_S)
    await link.close()
