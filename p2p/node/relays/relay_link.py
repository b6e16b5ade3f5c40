"""One link to a relay: what it knows of doors, sealed knocks carried through it, and our seat."""

import asyncio
import contextlib
import time
from collections import Counter
from typing import Protocol

from crypto.contact import Contact
from p2p.clock import to_beat
from p2p.errors import RemoteError
from p2p.link.dial import Carrier
from p2p.link.line import Line
from p2p.mesh.line_load import Load
from p2p.node.endpoint import MemberEndpoint
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
    ResolvedMainline,
    ResolveMainline,
)
from p2p.wire.relay_messages import RelayMessage

ANSWER_LIMIT_S = 8.0
ITEMS_WAIT_S = 2.0


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

    Attributes:
        contact: As given.
        line: As given; what is said of a room goes by it.
    """

    def __init__(self, contact: Contact, line: Line, endpoint: MemberEndpoint) -> None:
        self.contact = contact
        self.line = line
        self._endpoint = endpoint
        self._room: RelayListener = _NoRoom()
        self._answers: dict[tuple[type[Message], bytes], asyncio.Future[Message]] = {}

    @property
    def open(self) -> bool:
        """Whether the link still works."""
        return self.line.open

    @property
    def seated(self) -> bool:
        """Whether we sit there: then it says something all the time."""
        return self.line.open and not isinstance(self._room, _NoRoom)

    @property
    def toward(self) -> Address | None:
        """For choosing addresses to offer through it: its own if it is near, None if far away."""
        address = self.contact.address
        return None if known_scope(address[0]) is Scope.GLOBAL else address

    async def until_silent(self, limit_s: float) -> None:
        """Returns when the relay was not heard for so long, or the link has ended."""
        while self.open:
            left_s = self.line.link.last_heard_s + limit_s - time.monotonic()
            if left_s <= 0:
                return
            await asyncio.sleep(min(to_beat(time.monotonic(), 0.5), left_s))

    @property
    def tie(self) -> bytes:
        """What both ends know of this link and no other has, 64 bytes."""
        return self.line.link.tie

    @property
    def rtt_ms(self) -> float | None:
        """Round trip to the relay; None before the first."""
        return self.line.link.rtt_ms

    def load(self, now: float) -> Load | None:
        """How the line does that carries our frames; None while the relay says too little."""
        return self.line.link.media.measure.load(now)

    def inward_load(self, now: float) -> Load | None:
        """How the line does that brings us the others' frames; None while too little is known."""
        return self.line.link.media.inward.load(now)

    @property
    def inward_bps(self) -> float:
        """What the relay sent us a second, of late; 0.0 while that is unknown."""
        return self.line.link.media.inward.sent_bps()

    @property
    def rtt_s(self) -> float:
        """Round trip to the relay; 0.0 before the first."""
        return self.line.link.rtt_s or 0.0

    @property
    def loss_pct(self) -> float:
        """Of the packets that the relay sends us what is lost, 0 to 100."""
        return self.line.link.media.loss_pct

    @property
    def counters(self) -> Counter[str]:
        """What was dropped of what came over it, by reason."""
        return self.line.link.counters

    def seat(self, room: RelayListener) -> None:
        """From now on the room takes the relay's messages and frames."""
        self._room = room
        self.line.link.media.frames_to(room)
        self.line.link.media.inward.begin()

    def breach(self, why: str) -> None:
        """The relay broke a rule; too many breaches end the link."""
        self.line.breach(why)

    def send_frame(self, frame: bytes) -> bool:
        """Sends a frame, hop byte in front; False if it is lost."""
        return self.line.link.media.send(frame)

    def carry(self, handle: bytes, datagram: bytes) -> None:
        """Sends a datagram to a door (by its card's handle) or back to who asked (by a pair's)."""
        self.line.send(CarryDoor(handle, datagram))

    def way_to(self, card: bytes) -> Carrier:
        """A way to the door that left this card."""
        handle = card_handle(card)
        return Carrier(lambda datagram: self.carry(handle, datagram), self.toward, handle)

    def door_up(self, tag: bytes, card: bytes) -> None:
        """Leaves our own card."""
        self.line.send(DoorUp(tag, card))

    def items(self, items: tuple[bytes, ...]) -> None:
        """Hands in finished DHT items for the relay to store; what makes us heard goes first."""
        asyncio.get_running_loop().call_later(ITEMS_WAIT_S, self.line.send, Items(items))

    async def cards(self, tag: bytes) -> tuple[bytes, ...]:
        """The cards of a room's doors; none if the relay does not answer in time."""
        answer = await self._ask(Doors(tag), (Cards, tag))
        return answer.cards if isinstance(answer, Cards) else ()

    async def resolve(self, target: bytes) -> tuple[bytes, ...]:
        """DHT items under an id, looked up by the relay; none if it does not answer in time."""
        answer = await self._ask(Resolve(target), (Resolved, target))
        return answer.items if isinstance(answer, Resolved) else ()

    async def resolve_mainline(self, target: bytes) -> tuple[bytes, ...]:
        """The same in BitTorrent's DHT; none also if the relay is not to be seen there."""
        answer = await self._ask(ResolveMainline(target), (ResolvedMainline, target))
        return answer.items if isinstance(answer, ResolvedMainline) else ()

    async def serve(self) -> None:
        """Reads what the relay sends until the link ends."""
        try:
            with contextlib.suppress(ConnectionError):
                while True:
                    await self._take(await self.line.receive())
        finally:
            for waiting in self._answers.values():
                waiting.cancel()

    async def close(self) -> None:
        """Ends the link."""
        await self.line.close()

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
            case ResolvedMainline(target=target):
                self._answer((ResolvedMainline, target), message)
            case _ if isinstance(message, RelayMessage):
                try:
                    await self._room.take(message)
                except RemoteError as exc:
                    self.line.breach(str(exc))
            case _:
                self.line.breach("not a message of a relay")

    def _answer(self, key: tuple[type[Message], bytes], message: Message) -> None:
        waiting = self._answers.pop(key, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    async def _ask(self, question: Message, key: tuple[type[Message], bytes]) -> Message | None:
        waiting = self._answers.get(key)
        if waiting is None:
            waiting = self._answers[key] = asyncio.get_running_loop().create_future()
            self.line.send(question)
        done, _ = await asyncio.wait([waiting], timeout=ANSWER_LIMIT_S)
        if not done or waiting.cancelled():
            self._answers.pop(key, None)
            return None
        return waiting.result()
