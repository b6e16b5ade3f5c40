"""Coming in: every way to a door races, and what the first doors say is held against each other.

A door that has said nothing good within a second holds nobody back: the next ones get their turn,
and what it says later still counts. So one that keeps us waiting outside is one of many.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass

from crypto.contact import Contact
from crypto.ids import DhKey, MemberId
from crypto.knock import KNOCK
from p2p.api.events import Via
from p2p.errors import RemoteError
from p2p.link.carried import CarriedLine
from p2p.link.dial import Carrier, Way, Ways, reach, reach_through
from p2p.link.line import Line
from p2p.link.work import Work
from p2p.node.endpoint import MemberEndpoint
from p2p.node.joining.answers import Answer, Answers
from p2p.node.joining.by_relay import Elsewhere, in_mainline, in_our_dht
from p2p.node.joining.failure import BUSY, SearchOutcome
from p2p.node.peers.admission import AdmissionRequest, RefusedError
from p2p.node.peers.introduction import LetIn
from p2p.node.relays.relay_link import RelayLink
from p2p.node.relays.relay_links import RELAYS_MAX, RelayLinks
from p2p.node.secrets import Credentials, Origin, RoomSecrets
from p2p.rng import system_rng
from p2p.room.room import Room
from p2p.trace import trace
from p2p.wire.card import open_card
from p2p.wire.messages import Fresh
from p2p.wire.offers import Welcome

KNOCK_LIMIT_S = 8.0
TRIES_AT_ONCE = 32
DOORS_MAX = 64
ASK_AGAIN_S = 1.2
AGAIN_S = 0.5
"""How often a door that did not let us in is knocked at."""
BUSY_AGAIN_S = 1.0
"""The same if it had no place for us to wait."""
ASKED_AT_ONCE = 4
PATIENCE_S = 1.0
"""So long a door may take over its answer before others are asked beside it."""
LOOK_EVERY_S = 0.05

EXPECTED = (TimeoutError, RemoteError, ConnectionError)


@dataclass(frozen=True, slots=True)
class Entered:
    """We are in.

    Attributes:
        room: What the members agree on.
        secrets: Ours and the room's.
        via: How the room was found.
        links: The members that let us in and to which we have a line, the first one first.
        word: The moderator's word that the first one showed.
    """

    room: Room
    secrets: RoomSecrets
    via: Via
    links: tuple[tuple[MemberId, Line], ...] = ()
    word: Fresh | None = None


class KnownDoors:
    """The doors and relays that were found, each once and so many at most.

    Attributes:
        ways: To doors that can be reached straight.
    """

    def __init__(self) -> None:
        self.ways: dict[DhKey, Ways] = {}
        self._behind: set[tuple[DhKey, bytes]] = set()
        self._relays: set[Contact] = set()

    @property
    def keys(self) -> set[DhKey]:
        """Public keys of all doors."""
        return self.ways.keys() | {dh for dh, _ in self._behind}

    def is_new_behind(self, dh: DhKey, carrier: Carrier) -> bool:
        """Whether this door behind this carrier is new and is to be tried; it is known then."""
        new = (dh, carrier.name) not in self._behind and len(self._behind) < DOORS_MAX
        if new:
            self._behind.add((dh, carrier.name))
        return new

    @property
    def relays(self) -> set[DhKey]:
        """Public keys of all relays that are asked."""
        return {relay.dh for relay in self._relays}

    def is_new_relay(self, relay: Contact) -> bool:
        """Whether this relay is new and is to be asked; it is known then."""
        new = relay not in self._relays and len(self._relays) < RELAYS_MAX
        if new:
            self._relays.add(relay)
        return new


class JoinAttempt:
    """One attempt to get into a room.

    Args:
        endpoint: Ours.
        credentials: With the room key.
        relay_links: For doors behind NAT.
        make_room: Makes our side of the room from its genesis.
        hidden: Only relays that were given are asked, and doors only through them.
    """

    def __init__(
        self,
        endpoint: MemberEndpoint,
        credentials: Credentials,
        relay_links: RelayLinks,
        make_room: Callable[[bytes], Room],
        *,
        hidden: bool = False,
    ) -> None:
        self._hidden = hidden
        self._endpoint = endpoint
        self._credentials = credentials
        self._relay_links = relay_links
        self._make_room = make_room
        self._known = KnownDoors()
        self._outcome = SearchOutcome()
        self._elsewhere = Elsewhere()
        self._answers = Answers()
        self._turns = asyncio.Semaphore(ASKED_AT_ONCE)
        self._slots = asyncio.Semaphore(TRIES_AT_ONCE)
        self._entered: asyncio.Future[Entered] = asyncio.get_running_loop().create_future()

    async def run(self, sources: list[tuple[Via, AsyncIterator[Contact]]]) -> Entered:
        """Races all sources.

        Args:
            sources: Ways by name, each yielding doors and relays as it learns of them; the same
                one may come again.

        Raises:
            UserError: Nobody is there, nobody could be reached, or we were refused.
        """
        try:
            async with Work() as work:
                for via, source in sources:
                    work.create_task(self._read(work, via, source))
                began_s = time.monotonic()
                while not self._entered.done():
                    if not self._answers.given:
                        waited_s = time.monotonic() - began_s
                        self._outcome.getting_on = self._relay_links.is_getting_on
                        mainline = self._endpoint.mainline
                        asked = mainline is not None and mainline.nodes > 0
                        self._outcome.asks_mainline = asked or self._elsewhere.looking
                        if not self._known.keys:
                            self._elsewhere.give_up(waited_s)
                        self._outcome.give_up(waited_s, self._known.keys)
                    await asyncio.wait([self._entered], timeout=LOOK_EVERY_S)
                    self._decide()
        except BaseException:
            await self._close_all_but(())
            raise
        await self._close_all_but(self._entered.result().links)
        return self._entered.result()

    def _decide(self) -> None:
        """Ends the race when enough has been said."""
        if self._entered.done() or not (chosen := self._answers.chosen(time.monotonic())):
            return
        first = chosen[0]
        links = [(one.member, one.line) for one in chosen if one.line is not None]
        self._entered.set_result(
            Entered(first.room, first.secrets, first.via, tuple(links), first.word)
        )

    async def _close_all_but(self, links: Sequence[tuple[MemberId, Line]]) -> None:
        kept = [line for _, line in links]
        for answer in self._answers.given:
            if answer.line is not None and answer.line not in kept:
                await answer.line.close()

    async def _read(self, work: Work, via: Via, source: AsyncIterator[Contact]) -> None:
        async for contact in source:
            if contact.kind == "relay":
                self._begin_asking(work, via, contact)
                if via == "relay":
                    continue  # it was given to us: that it is there says nothing of the room
            else:
                self._learn(work, via, contact.dh, contact.address)
            self._outcome.found_any = True

    async def _ask_relay(self, work: Work, via: Via, relay: Contact) -> None:
        """Asks a relay for the room's doors until somebody has let us in."""
        key, resolved = self._credentials.room_key, set[DhKey]()
        while not self._entered.done():
            with contextlib.suppress(*EXPECTED):
                link = await self._relay_links.get(relay)
                self._outcome.met((link.rtt_ms or 0.0) / 1000)
                cards = await link.cards(key.relay_tag(relay.dh))
                self._outcome.relay_said(time.monotonic())
                if not cards and via == "relay" and relay.dh not in resolved:
                    resolved.add(relay.dh)
                    work.create_task(self._resolve(work, link))
                for card in cards:
                    with contextlib.suppress(RemoteError):
                        dh = open_card(key, relay.dh, card)
                        self._outcome.found_any = True
                        self._learn(work, via, dh, link.way_to(card))
            await asyncio.sleep(ASK_AGAIN_S)

    async def _resolve(self, work: Work, link: RelayLink) -> None:
        """Lets a relay look for the room's records of this hour."""
        key, unix_s = self._credentials.room_key, self._endpoint.dht.time.unix_s()
        if self._hidden:
            self._elsewhere.looking = True
            searches = [search(key, link, unix_s) for search in (in_our_dht, in_mainline)]
            for found in await asyncio.gather(*searches):
                self._elsewhere.note(found, self._known.relays)
            self._elsewhere.looking = False
            return
        for door in await in_our_dht(key, link, unix_s):
            self._outcome.found_any = True
            if door.kind == "relay":
                self._begin_asking(work, "relay", door)
            else:
                self._learn(work, "relay", door.dh, door.address)

    def _begin_asking(self, work: Work, via: Via, relay: Contact) -> None:
        if self._known.is_new_relay(relay):
            work.create_task(self._ask_relay(work, via, relay))

    def _learn(self, work: Work, via: Via, dh: DhKey, way: Way) -> None:
        """Notes a way to a door; a new door is knocked at."""
        if isinstance(way, Carrier):
            if self._known.is_new_behind(dh, way):
                trace("door_found", via=via, carried=True)
                work.create_task(self._try(dh, lambda: self._knock_through(dh, way, via)))
            return
        known = self._known.ways.get(dh)
        if known is not None:
            known.add(way)
        elif len(self._known.ways) < DOORS_MAX:
            self._known.ways[dh] = ways = Ways(way)
            trace("door_found", via=via, carried=False)
            work.create_task(self._try(dh, lambda: self._knock(dh, ways, via)))

    async def _try(self, dh: DhKey, knock: Callable[[], Coroutine[None, None, None]]) -> None:
        """Knocks at one door until it, or somebody, has let us in."""
        while not self._entered.done():
            began_s, pause_s = time.monotonic(), AGAIN_S
            async with self._slots:
                self._answers.knock(dh)
                try:
                    await knock()
                    return
                except RefusedError as exc:
                    trace("door_refused", why=exc.reason)
                    self._outcome.refused(dh, exc.reason)
                    pause_s = BUSY_AGAIN_S if exc.reason == BUSY else AGAIN_S
                except EXPECTED as exc:
                    trace("door_failed", why=type(exc).__name__)
                finally:
                    self._answers.ended(dh)
                    self._decide()
            await asyncio.sleep(max(0.0, pause_s - (time.monotonic() - began_s)))

    async def _knock(self, dh: DhKey, ways: Ways, via: Via) -> None:
        psk = self._credentials.room_key.psk()
        line, welcome = await reach(self._endpoint.station, dh, psk, KNOCK, ways, KNOCK_LIMIT_S)
        self._outcome.met(line.rtt_s)
        try:
            if not isinstance(welcome, Welcome):
                raise RemoteError("no welcome")
            await self._enter(line, dh, welcome, via)
        except BaseException:
            await line.close()
            raise

    async def _knock_through(self, dh: DhKey, carrier: Carrier, via: Via) -> None:
        """Knocks at a door behind a relay: let in over its line, we need no link to it."""
        psk = self._credentials.room_key.psk()
        line, welcome = await reach_through(self._endpoint.station, dh, psk, carrier, KNOCK_LIMIT_S)
        self._outcome.met(line.rtt_s)
        try:
            await self._enter(line, dh, welcome, via)
        finally:
            await line.close()

    async def _enter(self, line: Line | CarriedLine, dh: DhKey, welcome: Welcome, via: Via) -> None:
        credentials, origin = self._credentials, Origin(welcome.genesis, welcome.r)
        if not credentials.room_key.matches(origin.genesis, origin.r):
            self._outcome.imposter = True
            raise RemoteError("another room")
        room = self._make_room(origin.genesis)
        asking = AdmissionRequest(room, credentials.identity, self._endpoint.inbox)
        self._outcome.asked.append(asking)
        self._answers.reached(dh)
        trace("door_answered", via=via)
        let_in = await self._patiently(lambda: asking.ask(line, dh))
        admit = let_in.admit
        secrets = RoomSecrets.from_admit(credentials, origin, admit, let_in.at_s, system_rng)
        link = line if isinstance(line, Line) else None
        answer = Answer(admit.member, room, secrets, via, link, admit.word)
        self._answers.take(answer, time.monotonic())

    async def _patiently(self, ask: Callable[[], Coroutine[None, None, LetIn]]) -> LetIn:
        """Asks when it is its turn; who takes long goes on outside of the turns."""
        async with self._turns:
            asked = asyncio.ensure_future(ask())
            try:
                await asyncio.wait([asked], timeout=PATIENCE_S)
            except BaseException:
                asked.cancel()
                raise
        try:
            return await asked
        finally:
            asked.cancel()
