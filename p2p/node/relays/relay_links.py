"""Our links to relays: what they know of doors, and sealed knocks carried through them."""

import asyncio
import contextlib
import math
import time
from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from crypto.contact import Contact
from crypto.ids import DhKey
from crypto.knock import HELLO, NO_PSK
from p2p.clock import to_beat
from p2p.errors import RemoteError
from p2p.link.dial import Carrier, Ways, reach
from p2p.link.line import Line
from p2p.link.link import MediaLink
from p2p.link.streams import Streams
from p2p.link.work import Work
from p2p.mesh.line_load import Load
from p2p.node.endpoint import MemberEndpoint
from p2p.node.inbox import RelayDeaf, RelayUp
from p2p.node.relays.frozen import move_when_frozen
from p2p.node.relays.trusted import RelayPlaces, looked_up_again, places_of
from p2p.trace import trace
from p2p.wire.addresses import Address, Scope, known_scope
from p2p.wire.card import card_handle
from p2p.wire.codec import Message
from p2p.wire.messages import (
    Cards,
    CarryDoor,
    Doors,
    DoorUp,
    Items,
    Resolve,
    Resolved,
)
from p2p.wire.relay_messages import RelayMessage
from p2p.wire.web_place import WebPlace

HELLO_LIMIT_S = 10.0
STREAM_AFTER_S = 0.9
STREAM_AFTER_TRIPS = 4.0
"""Where UDP got no further for so long, and so many round trips, TCP is tried beside it."""
SHUN_UDP_S = 600.0
"""How long a relay is asked by TCP alone whose messages somebody has taken out of UDP."""
UDP_AGAIN_S = 10.0
UDP_AGAIN_MAX_S = 120.0
MOVED_S = 2.0
"""What is under way by TCP may take so long when a link has moved to UDP."""
ANSWER_LIMIT_S = 8.0
ITEMS_WAIT_S = 2.0
RETRY_S = 1.0
RETRY_MAX_S = 20.0
SILENT_S = 3.5
LAST_WORDS_S = 1.0
KEPT_MAX = 2
RELAYS_MAX = 4
"""So many relays that others have told us of are tried."""
LASTING_S = 5.0
"""A link that ends sooner came to nothing: the relay is full, or closes on us."""


class RelayListener(Protocol):
    """What takes what a relay says of a room: see ``p2p.node.relays.relay_session``."""

    async def take(self, message: RelayMessage) -> None:
        """Takes a message; raises RemoteError if the relay may not say this."""
        ...

    def frame(self, frame: bytes, arrival_s: float) -> None:
        """Takes a frame, hop byte in front, and when it arrived, monotonic seconds."""
        ...


class _NoRoom:
    """Stands where we are in no room yet."""

    async def take(self, _message: RelayMessage) -> None:
        raise RemoteError("about a room we are not in")

    def frame(self, _frame: bytes, _arrival_s: float) -> None:
        """A relay that sends sound before we sit there: it is lost."""


class RelayLink:
    """One link to a relay.

    Args:
        contact: The relay.
        line: Its line.
        endpoint: Takes what others send us through the relay.
    """

    def __init__(self, contact: Contact, line: Line, endpoint: MemberEndpoint) -> None:
        self.contact = contact
        self._line = line
        self._endpoint = endpoint
        self._room: RelayListener = _NoRoom()
        self._answers: dict[tuple[type[Message], bytes], asyncio.Future[Message]] = {}

    @property
    def open(self) -> bool:
        """Whether the link still works."""
        return self._line.open

    @property
    def seated(self) -> bool:
        """Whether we sit there: then it says something all the time."""
        return self._line.open and not isinstance(self._room, _NoRoom)

    @property
    def toward(self) -> Address | None:
        """For choosing addresses to offer through it: its own if it is near, None if far away."""
        address = self.contact.address
        return None if known_scope(address[0]) is Scope.GLOBAL else address

    async def until_silent(self, limit_s: float) -> None:
        """Returns when the relay was not heard for so long, or the link has ended."""
        while self.open:
            left_s = self._line.link.last_heard_s + limit_s - time.monotonic()
            if left_s <= 0:
                return
            await asyncio.sleep(min(to_beat(time.monotonic(), 0.5), left_s))

    @property
    def tie(self) -> bytes:
        """What both ends know of this link and no other has, 64 bytes."""
        return self._line.link.tie

    @property
    def rtt_ms(self) -> float | None:
        """Round trip to the relay; None before the first."""
        return self._line.link.rtt_ms

    def load(self, now: float) -> Load | None:
        """How the line does that carries our frames; None while the relay says too little."""
        return self._line.link.media.measure.load(now)

    def inward_load(self, now: float) -> Load | None:
        """How the line does that brings us the others' frames; None while too little is known."""
        return self._line.link.media.inward.load(now)

    @property
    def inward_bps(self) -> float:
        """What the relay sent us a second, of late; 0.0 while that is unknown."""
        return self._line.link.media.inward.sent_bps()

    @property
    def rtt_s(self) -> float:
        """Round trip to the relay; 0.0 before the first."""
        return self._line.link.rtt_s or 0.0

    @property
    def loss_pct(self) -> float:
        """Of the packets that the relay sends us what is lost, 0 to 100."""
        return self._line.link.media.loss_pct

    @property
    def counters(self) -> Counter[str]:
        """What was dropped of what came over it, by reason."""
        return self._line.link.counters

    def seat(self, room: RelayListener) -> None:
        """From now on the room takes the relay's messages and frames."""
        self._room = room
        self._line.link.media.frames_to(room)
        self._line.link.media.inward.begin()

    def breach(self, why: str) -> None:
        """The relay broke a rule; too many breaches end the link."""
        self._line.breach(why)

    def send(self, message: RelayMessage) -> None:
        """Says something of a room to the relay."""
        self._line.send(message)

    def send_frame(self, frame: bytes) -> bool:
        """Sends a frame, hop byte in front; False if it is lost."""
        return self._line.link.media.send(frame)

    def carry(self, handle: bytes, datagram: bytes) -> None:
        """Sends a datagram to a door (by its card's handle) or back to who asked (by a pair's)."""
        self._line.send(CarryDoor(handle, datagram))

    def way_to(self, card: bytes) -> Carrier:
        """A way to the door that left this card."""
        handle = card_handle(card)
        return Carrier(lambda datagram: self.carry(handle, datagram), self.toward, handle)

    def door_up(self, tag: bytes, card: bytes) -> None:
        """Leaves our own card."""
        self._line.send(DoorUp(tag, card))

    def items(self, items: tuple[bytes, ...]) -> None:
        """Hands in finished DHT items for the relay to store; what makes us heard goes first."""
        asyncio.get_running_loop().call_later(ITEMS_WAIT_S, self._line.send, Items(items))

    async def cards(self, tag: bytes) -> tuple[bytes, ...]:
        """The cards of a room's doors; none if the relay does not answer in time."""
        answer = await self._ask(Doors(tag), (Cards, tag))
        return answer.cards if isinstance(answer, Cards) else ()

    async def resolve(self, target: bytes) -> tuple[bytes, ...]:
        """DHT items under an id, looked up by the relay; none if it does not answer in time."""
        answer = await self._ask(Resolve(target), (Resolved, target))
        return answer.items if isinstance(answer, Resolved) else ()

    async def serve(self) -> None:
        """Reads what the relay sends until the link ends."""
        try:
            with contextlib.suppress(ConnectionError):
                while True:
                    await self._take(await self._line.receive())
        finally:
            for waiting in self._answers.values():
                waiting.cancel()

    async def close(self) -> None:
        """Ends the link."""
        await self._line.close()

    async def _take(self, message: Message) -> None:
        match message:
            case CarryDoor(handle=handle, blob=blob):
                # Whatever is wrong with it, the relay only carried it.
                with contextlib.suppress(RemoteError):
                    self._endpoint.take_carried(
                        blob, self.toward, lambda answer: self.carry(handle, answer)
                    )
            case Cards(tag=tag):
                self._answer((Cards, tag), message)
            case Resolved(target=target):
                self._answer((Resolved, target), message)
            case _ if isinstance(message, RelayMessage):
                try:
                    await self._room.take(message)
                except RemoteError as exc:
                    self._line.breach(str(exc))
            case _:
                self._line.breach("not a message of a relay")

    def _answer(self, key: tuple[type[Message], bytes], message: Message) -> None:
        waiting = self._answers.pop(key, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    async def _ask(self, question: Message, key: tuple[type[Message], bytes]) -> Message | None:
        waiting = self._answers.get(key)
        if waiting is None:
            waiting = self._answers[key] = asyncio.get_running_loop().create_future()
            self._line.send(question)
        done, _ = await asyncio.wait([waiting], timeout=ANSWER_LIMIT_S)
        if not done or waiting.cancelled():
            self._answers.pop(key, None)
            return None
        return waiting.result()


class RelayLinks:
    """All our links to relays; lost ones are made again.

    Args:
        endpoint: Ours; its inbox is told of each relay that is (again) there.
        work: Where links run.
        places: Where relays are found that are known by more than one line, by their keys.
    """

    def __init__(
        self,
        endpoint: MemberEndpoint,
        work: Work,
        places: Mapping[DhKey, RelayPlaces] | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._station = endpoint.station
        self._places = dict(places or {})
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
            self._endpoint.inbox.post(RelayUp(contact))
            return link

    async def _thaw(self, link: MediaLink, relay: RelayLink) -> None:
        """Moves a link whose flow somebody stops to TCP, and back once UDP works."""
        contact = relay.contact
        places = self._places.get(contact.dh) or places_of(contact)
        streams = _Streams(self._station.mux.streams, contact.dh, places.webs)

        def moved() -> None:
            self._work.create_task(_back_to_udp(link, places, streams))

        await move_when_frozen(link, streams, lambda: relay.seated, moved)

    async def _reach(self, contact: Contact) -> Line:
        """Makes a link by UDP or, where that gets nowhere, by streams; all its places race."""
        mux = self._station.mux
        places = self._places.get(contact.dh) or places_of(contact)
        if contact.dh in self._stale and not mux.web_only:
            self._places[contact.dh] = places = await looked_up_again(places)
        addresses = places.addresses
        streams = _Streams(mux.streams, contact.dh, places.webs)
        ways = Ways(*addresses)
        shuns = time.monotonic() < self._shun_udp_s.get(contact.dh, 0.0)
        if mux.web_only or not addresses or shuns:
            opened = await streams.open()
            if not opened and (mux.web_only or not addresses):
                raise RemoteError("no stream to the relay")
            ways = Ways(*(opened or addresses))
        link = self._station.new_link(controlling=True)
        self._hopes.add(link)
        falling_back = self._work.create_task(_fall_back(link, streams, ways))
        try:
            line, _ = await reach(
                self._station, contact.dh, NO_PSK, HELLO, ways, HELLO_LIMIT_S, link
            )
        except BaseException:
            streams.close()
            raise
        finally:
            self._hopes.discard(link)
            falling_back.cancel()
        line.on_deaf = lambda: self._deaf(contact)
        if not link.by_stream:
            streams.close()
        elif not (shuns or mux.web_only) and any(not web.path for web in places.webs):
            self._work.create_task(_back_to_udp(link, places, streams))
        return line

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


class _Streams:
    """The streams to one relay."""

    def __init__(self, streams: Streams, dh: bytes, webs: tuple[WebPlace, ...]) -> None:
        self._streams = streams
        self._dh = dh
        self._webs = webs

    async def open(self) -> list[Address]:
        """Dials every place at once; returns the streams that are there when the first is."""
        dials = [
            asyncio.ensure_future(self._streams.dialer.dial(each, self._dh)) for each in self._webs
        ]
        try:
            for done in asyncio.as_completed(dials):
                if (stream := await done) is not None:
                    return [stream]
            return []
        finally:
            for dial in dials:
                dial.cancel()

    def close(self) -> None:
        """Ends them."""
        for each in self._webs:
            self._streams.hang_up(self._streams.dialer.address_of(each))


async def _close_soon(link: RelayLink) -> None:
    """Ends a link once what we have just said has arrived."""
    await asyncio.sleep(LAST_WORDS_S)
    await link.close()


async def _fall_back(link: MediaLink, streams: _Streams, ways: Ways) -> None:
    """Tries TCP where UDP gets nowhere, and leaves UDP alone as long as it gets on."""
    while True:
        await _until_stuck(link)
        opened = await streams.open()
        if opened:
            break
        await asyncio.sleep(STREAM_AFTER_S)
    for stream in opened:
        ways.add(stream)
    await _until_stuck(link)
    for stream in opened:
        link.late_candidate(stream)


async def _until_stuck(link: MediaLink) -> None:
    while True:
        patience_s = max(STREAM_AFTER_S, STREAM_AFTER_TRIPS * (link.rtt_s or 0.0))
        left_s = link.setup.progressed_s + patience_s - time.monotonic()
        if left_s <= 0.0:
            return
        await asyncio.sleep(left_s)


async def _back_to_udp(link: MediaLink, places: RelayPlaces, streams: _Streams) -> None:
    """UDP loses what is late instead of all that comes after: a link by TCP looks for it.

    The relay may have moved: the name by which the stream went stands for another address then.
    """
    await asyncio.sleep(wait_s := UDP_AGAIN_S)
    addresses = (await looked_up_again(places)).addresses
    while link.is_up and link.by_stream:
        wait_s = min(UDP_AGAIN_MAX_S, 2.0 * wait_s)
        for address in addresses:
            link.late_candidate(address)
        await asyncio.sleep(MOVED_S)
        if link.by_stream:
            await asyncio.sleep(wait_s)
    if link.is_up:
        await asyncio.sleep(MOVED_S)
    streams.close()
