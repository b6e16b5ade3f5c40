"""Coming in: every way to a door races, the first member that lets us in ends the race."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine

from crypto.contact import Contact
from crypto.knock import KNOCK
from crypto.record import Item, hour_of, open_record, slots
from p2p.api.events import Via
from p2p.errors import RemoteError, UserError
from p2p.link.carried import CarriedLine
from p2p.link.dial import Carrier, Station, Way, Ways, reach, reach_through
from p2p.link.line import Line
from p2p.link.work import Work
from p2p.node.peers.admission import Admission, RefusedError
from p2p.node.peers.peers import Peers
from p2p.node.relays.relay_links import RelayLink, RelayLinks
from p2p.node.secrets import RoomSecrets
from p2p.wire.card import open_card
from p2p.wire.offers import Welcome

FIND_LIMIT_S = 5.0
ENTER_LIMIT_S = 12.0
KNOCK_LIMIT_S = 3.0
TRIES_AT_ONCE = 32
DOORS_MAX = 64
RELAYS_MAX = 4
ASK_AGAIN_S = 1.2
OTHERS_S = 1.0
OTHERS_LIMIT_S = 6.0
"""How long other doors may still let us in after all known ones, or only some, have refused."""

EXPECTED = (TimeoutError, RemoteError, ConnectionError)

REFUSALS = {
    "locked": ("locked", "The room is locked.", "Ask someone inside to open it."),
    "removed": ("removed", "A moderator removed you from this room.", ""),
    "left": ("left", "This run has left the room already.", "Join again."),
    "invited": (
        "invited",
        "This room lets in only who has a personal invite.",
        "Ask someone inside for one.",
    ),
    "denied": ("denied", "A moderator did not let you in.", ""),
    "used_up": ("used_up", "This invite has been used up.", "Ask for another one."),
    "expired": ("expired", "This invite has expired.", "Ask for another one."),
    "full": ("full", "The room is full.", "Ask for a relay: without one a room holds 16 people."),
}


class JoinAttempt:
    """One attempt to get into a room.

    Args:
        station: Ours.
        secrets: With the room key; gets genesis and ``r`` from the first good WELCOME.
        relay_links: For doors behind NAT.
        make_members: Makes our side of the room once its genesis is known.
        hidden: Only relays that were given are asked, and doors only through them.
    """

    def __init__(
        self,
        station: Station,
        secrets: RoomSecrets,
        relay_links: RelayLinks,
        make_members: Callable[[], Peers],
        *,
        hidden: bool = False,
    ) -> None:
        self._hidden = hidden
        self._station = station
        self._secrets = secrets
        self._relay_links = relay_links
        self._make_members = make_members
        self._doors: dict[bytes, Ways] = {}
        self._behind: set[tuple[bytes, bytes]] = set()
        self._relays: set[Contact] = set()
        self._found_any = False
        self._refused: str | None = None
        self._refused_s = 0.0
        self._refusals: set[bytes] = set()
        self._imposter = False
        self._asking: Admission | None = None
        self._waited_s = 0.0
        self._turn = asyncio.Lock()
        self._slots = asyncio.Semaphore(TRIES_AT_ONCE)
        self._entered: asyncio.Future[tuple[Peers, Via]] = (
            asyncio.get_running_loop().create_future()
        )

    async def run(self, sources: list[tuple[Via, AsyncIterator[Contact]]]) -> tuple[Peers, Via]:
        """Races all sources.

        Args:
            sources: Ways by name, each yielding doors and relays as it learns of them; the same
                one may come again.

        Raises:
            UserError: Nobody is there, nobody could be reached, or we were refused.
        """
        async with Work() as work:
            for via, source in sources:
                work.create_task(self._read(work, via, source))
            began_s = time.monotonic()
            while not self._entered.done():
                waited_s = time.monotonic() - began_s
                self._give_up(waited_s)
                await asyncio.wait([self._entered], timeout=0.1)
            return self._entered.result()

    def _give_up(self, waited_s: float) -> None:
        known = self._doors.keys() | {dh for dh, _ in self._behind}
        wait_s = OTHERS_S if self._refusals >= known else OTHERS_LIMIT_S
        if self._asking is not None and self._asking.waiting:
            self._waited_s = waited_s  # outside, until a moderator says something
            return
        waited_s -= self._waited_s
        if self._refused is not None and time.monotonic() - self._refused_s > wait_s:
            code, message, hint = REFUSALS.get(
                self._refused, ("refused", "The room did not let you in.", "Try again.")
            )
            raise UserError(code, message, hint, exit_code=6)
        if self._imposter and waited_s > FIND_LIMIT_S:
            raise UserError(
                "wrong_room",
                "Someone answered for another room: refused.",
                "Compare the key with the person who gave it to you.",
                exit_code=4,
            )
        if not self._found_any and waited_s > FIND_LIMIT_S:
            raise UserError(
                "no_room",
                "No one is here: nobody who is in this room could be found.",
                "Check the words, and that the room is open now; over the Internet an entry "
                "node (--bootstrap) or the long invite is needed.",
                exit_code=5,
            )
        if waited_s > ENTER_LIMIT_S:
            raise UserError(
                "unreachable",
                "The room was found, but nobody in it could be reached.",
                "Compare the key with the person who gave it to you. If it is right, your network "
                "and theirs may not link directly: try another network, or one entry node that "
                "both can reach.",
                exit_code=3,
            )

    async def _read(self, work: Work, via: Via, source: AsyncIterator[Contact]) -> None:
        async for contact in source:
            if contact.kind == "relay":
                self._begin_asking(work, via, contact)
                if via == "relay":
                    continue  # it was given to us: that it is there says nothing of the room
            else:
                self._learn(work, via, contact.dh, contact.address)
            self._found_any = True

    async def _ask_relay(self, work: Work, via: Via, relay: Contact) -> None:
        """Asks a relay for the room's doors until somebody has let us in."""
        key, resolved = self._secrets.room_key, set[bytes]()
        while not self._entered.done():
            with contextlib.suppress(*EXPECTED):
                link = await self._relay_links.get(relay)
                cards = await link.cards(key.relay_tag(relay.dh))
                if not cards and via == "relay" and relay.dh not in resolved:
                    resolved.add(relay.dh)
                    work.create_task(self._resolve(work, link))
                for card in cards:
                    with contextlib.suppress(RemoteError):
                        dh = open_card(key, relay.dh, card)
                        self._found_any = True
                        self._learn(work, via, dh, link.way_to(card))
            await asyncio.sleep(ASK_AGAIN_S)

    async def _resolve(self, work: Work, link: RelayLink) -> None:
        """Lets a relay look into the DHT for the room's record of this hour."""
        key, unix_s = self._secrets.room_key, time.time()
        hour = hour_of(unix_s)
        answers = await asyncio.gather(*(link.resolve(s.target) for s in slots(key, hour)))
        for data in [item for items in answers for item in items]:
            with contextlib.suppress(RemoteError):
                item = Item.decode(data)
                item.check_time(int(unix_s))
                for door in open_record(key, hour, item):
                    self._found_any = True
                    if self._hidden:
                        continue  # whoever wrote the record could have named a trap
                    if door.kind == "relay":
                        self._begin_asking(work, "relay", door)
                    else:
                        self._learn(work, "relay", door.dh, door.address)

    def _begin_asking(self, work: Work, via: Via, relay: Contact) -> None:
        if relay not in self._relays and len(self._relays) < RELAYS_MAX:
            self._relays.add(relay)
            work.create_task(self._ask_relay(work, via, relay))

    def _learn(self, work: Work, via: Via, dh: bytes, way: Way) -> None:
        """Notes a way to a door; a new door is knocked at."""
        if isinstance(way, Carrier):
            if (dh, way.name) not in self._behind and len(self._behind) < DOORS_MAX:
                self._behind.add((dh, way.name))
                work.create_task(self._try(dh, lambda: self._knock_through(dh, way, via)))
            return
        known = self._doors.get(dh)
        if known is not None:
            known.add(way)
        elif len(self._doors) < DOORS_MAX:
            self._doors[dh] = ways = Ways(way)
            work.create_task(self._try(dh, lambda: self._knock(dh, ways, via)))

    async def _try(self, dh: bytes, knock: Callable[[], Coroutine[None, None, None]]) -> None:
        """Knocks at one door until somebody has let us in."""
        while not self._entered.done():
            began_s = time.monotonic()
            async with self._slots:
                with contextlib.suppress(*EXPECTED):
                    await self._turned_away(dh, knock())
            await asyncio.sleep(max(0.0, 0.5 - (time.monotonic() - began_s)))

    async def _knock(self, dh: bytes, ways: Ways, via: Via) -> None:
        psk = self._secrets.room_key.psk()
        line, welcome = await reach(self._station, dh, psk, KNOCK, ways, KNOCK_LIMIT_S)
        try:
            async with self._turn:
                if self._entered.done() or not isinstance(welcome, Welcome):
                    await line.close()
                else:
                    await self._enter(line, dh, welcome, via)
        except BaseException:
            await line.close()
            raise

    async def _knock_through(self, dh: bytes, carrier: Carrier, via: Via) -> None:
        """Knocks at a door behind a relay: let in over its line, we need no link to it."""
        psk = self._secrets.room_key.psk()
        line, welcome = await reach_through(self._station, dh, psk, carrier, KNOCK_LIMIT_S)
        try:
            async with self._turn:
                if not self._entered.done():
                    await self._enter(line, dh, welcome, via)
        finally:
            await line.close()

    async def _turned_away(self, dh: bytes, knock: Coroutine[None, None, None]) -> None:
        """Takes note of a door that said no."""
        try:
            await knock
        except RefusedError as exc:
            if exc.reason != "busy":
                # One door may be hostile, or know less than the others: they get their turn.
                if self._refused is None:
                    self._refused_s = time.monotonic()
                self._refused = exc.reason
                self._refusals.add(dh)
            raise

    async def _enter(self, line: Line | CarriedLine, dh: bytes, welcome: Welcome, via: Via) -> None:
        if not self._secrets.room_key.matches(welcome.genesis, welcome.r):
            self._imposter = True
            raise RemoteError("another room")
        self._secrets.genesis, self._secrets.r = welcome.genesis, welcome.r
        members = self._make_members()
        self._asking = members.admission
        if isinstance(line, CarriedLine):
            await members.admission.ask(line, dh)
            members.introduced()
        else:
            await members.enter(line, dh)
        self._entered.set_result((members, via))
