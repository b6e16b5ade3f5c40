"""One room at one relay, as a member sees it: getting in, and everything that passes then."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from crypto.identity import Identity
from crypto.ids import EpochId, MemberId, RoomId
from crypto.relaypass import pass_public, prove_pass, prove_self, sign_route
from p2p.errors import RemoteError
from p2p.mesh.relay_quality import Quality
from p2p.node.inbox import (
    FloorCame,
    GossipCame,
    Inbox,
    PresenceChanged,
    WrapAsked,
    WrapsCame,
)
from p2p.node.relays.relay_link import RelayLink
from p2p.room.ops.ids import op_id, short
from p2p.room.store.opset import MEMBERS_MAX
from p2p.wire.codec import have_messages, pages
from p2p.wire.hop import HEARTBEAT, for_tree
from p2p.wire.messages import WRAPS_PER_MESSAGE
from p2p.wire.relay_messages import (
    EVERYBODY,
    AskWrap,
    Floor,
    FloorHave,
    Gossip,
    Hear,
    Moving,
    Open,
    Pass,
    Passed,
    Present,
    RelayMessage,
    RelayRefuse,
    RelayWraps,
    Route,
    Tune,
)

PASS_LIMIT_S = 8.0
OPEN_PAGES_MAX = 8
SELDOM_S = 20.0

Refusal = str


class FrameSink(Protocol):
    """What takes the sound that relays bring: see ``p2p.node.media.routing``."""

    def relay_frame(self, frame: bytes, arrival_s: float) -> bool:
        """Takes a frame, hop byte in front; doubles may come.

        Returns:
            False if it is not what its speaker sealed.
        """
        ...


@dataclass(slots=True)
class RoomSide:
    """What a member shows its relays, the same to all.

    Attributes:
        identity: Our keys.
        genesis: Of the room.
        room: Its id, 32 bytes.
        pass_key: Gives the pass of the newest epoch that we know. Secret, also for relays.
        floor_ops: Gives all floor operations that we hold.
        slot: In which we speak; None: we do not.
        counters: Refusals, and why we changed relays.
    """

    identity: Identity
    genesis: bytes
    room: RoomId
    pass_key: Callable[[], bytes]
    floor_ops: Callable[[], list[bytes]]
    slot: int | None = None
    counters: Counter[str] = field(default_factory=Counter)


class RelaySession:
    """Our seat at one relay.

    Args:
        link: The link to it.
        side: Ours.
        inbox: Takes what the relay says of the room.
        frames: Takes the sound that the relay brings.
        now: Monotonic seconds.

    Attributes:
        present: Members attached there and at the relays joined to it; another object with each
            change.
        heard_s: When the relay last showed that it lives.
        moving_since_s: When it said that it stops; None: it goes on.
        quality: What it brings.
        tuned: Whether it is to send us sound.
    """

    def __init__(
        self,
        link: RelayLink,
        side: RoomSide,
        inbox: Inbox,
        frames: FrameSink,
        now: Callable[[], float],
    ) -> None:
        self.link = link
        self.present: frozenset[MemberId] = frozenset()
        self.heard_s = now()
        self.moving_since_s: float | None = None
        self.quality = Quality()
        self.tuned = True
        self._side = side
        self._inbox = inbox
        self._frames = frames
        self._now = now
        self._have_s = 0.0
        self._answer: asyncio.Future[Refusal] | None = None
        link.seat(self)

    @property
    def open(self) -> bool:
        """Whether the link still works."""
        return self.link.open

    async def enter(self) -> Refusal:
        """Gets us in.

        Returns:
            Empty, or why not: the relay's word, or ``no_answer``.
        """
        refusal = await self._ask()
        if refusal in ("no_room", "bad_pass"):
            # It does not know the room, or not its newest epoch.
            for page in list(pages(self._side.floor_ops()))[-OPEN_PAGES_MAX:] or [()]:
                self.link.line.send(Open(self._side.genesis, page))
            refusal = await self._ask()
        if not refusal:
            self.compare_floor()
        return refusal

    def tune(self, *, on: bool) -> None:
        """Has sound come from here, or only messages and heartbeats."""
        if self.tuned is not on:
            self.tuned = on
            self.link.line.send(Tune(self._side.room, on))

    def hear(self, every: int, slot: int, others: int) -> None:
        """Asks for a portion of the sound: see ``Hear``."""
        self.link.line.send(Hear(self._side.room, every, slot, others))

    def send_frame(self, frame: bytes) -> bool:
        """Sends our own frame, hop byte in front."""
        return self.link.send_frame(for_tree(frame))

    def send_route(self, slot: int, seq: int) -> None:
        """Says that our sound in this slot comes in here."""
        side = self._side
        parent = self.link.contact.dh
        signature = sign_route(side.identity, side.room, slot, seq, parent)
        keys = side.identity.sign_key, side.identity.dh
        self.link.line.send(Route(side.room, slot, seq, *keys, parent, signature))

    def send_floor(self, ops: Iterable[bytes]) -> None:
        """Says new floor operations."""
        for page in pages(ops):
            self.link.line.send(Floor(self._side.room, page))

    def send_gossip(self, to: MemberId, blob: bytes) -> None:
        """Says something sealed to one member, or to all."""
        side = self._side
        self.link.line.send(Gossip(side.room, to, side.identity.member_id, blob))

    def send_wraps(self, epoch: EpochId, wraps: Sequence[bytes]) -> None:
        """Hands in the wraps of an epoch that we made."""
        for at in range(0, len(wraps), WRAPS_PER_MESSAGE):
            page = tuple(wraps[at : at + WRAPS_PER_MESSAGE])
            self.link.line.send(RelayWraps(self._side.room, epoch, page))

    def ask_wrap(self, question: AskWrap) -> None:
        """Asks another member for our wrap of an epoch."""
        self.link.line.send(question)

    def compare_floor(self) -> None:
        """Says which floor operations we hold; each side sends what the other lacks."""
        self._have_s = self._now()
        ids = sorted(short(op_id(op)) for op in self._side.floor_ops())
        for have in have_messages(ids):
            self.link.line.send(FloorHave(self._side.room, have.ids, have.first, have.last))

    def tick(self, now: float) -> None:
        """Call now and then: compares the floor when it was not for a while."""
        if now - self._have_s > SELDOM_S:
            self.compare_floor()

    async def _ask(self) -> Refusal:
        side, relay_dh = self._side, self.link.contact.dh
        self._answer = asyncio.get_running_loop().create_future()
        here, pass_key = (relay_dh, side.room, self.link.tie), side.pass_key()
        keys = side.identity.sign_key, side.identity.dh
        proofs = prove_self(side.identity, *here), prove_pass(pass_key, *here, keys)
        self.link.line.send(Pass(side.room, *keys, pass_public(pass_key), *proofs))
        done, _ = await asyncio.wait([self._answer], timeout=PASS_LIMIT_S)
        answer, self._answer = self._answer, None
        return answer.result() if done else "no_answer"

    async def take(self, message: RelayMessage) -> None:
        """Takes what the relay says of the room.

        Raises:
            RemoteError: It may not say this.
        """
        self.heard_s = self._now()
        match message:
            case Passed(members=members):
                self._came(members)
                self._answered("")
            case RelayRefuse(reason=reason):
                self._side.counters[reason] += 1
                self._answered(reason)
            case Present(here=here, gone=gone):
                self._came(here)
                self.present = self.present.difference(gone)
                self._inbox.post(PresenceChanged())
            case Floor(ops=ops):
                await self._inbox.put(FloorCame(ops, self.link))
            case FloorHave(ids=ids, first=first, last=last):
                self._answer_have(frozenset(ids), first, last)
            case Gossip(to=to, frm=frm, blob=blob):
                if to not in (EVERYBODY, self._side.identity.member_id):
                    raise RemoteError("for somebody else")
                await self._inbox.put(GossipCame(frm, to, blob, self.link))
            case RelayWraps(epoch=epoch, wraps=wraps):
                await self._inbox.put(WrapsCame(epoch, wraps, self.link))
            case AskWrap():
                if message.to != self._side.identity.member_id:
                    raise RemoteError("for somebody else")
                await self._inbox.put(WrapAsked(message, self.link))
            case Moving():
                self.moving_since_s = self.moving_since_s or self._now()
            case _:
                raise RemoteError("not a message of a relay")

    def frame(self, frame: bytes, arrival_s: float) -> None:
        """Takes a frame that came over the link, hop byte in front.

        Our own sound comes back when we sit at two relays; it is for others to hear.
        """
        self.heard_s = arrival_s
        if frame == HEARTBEAT:
            return
        slot = self.quality.heard(frame, arrival_s)
        if slot is not None and slot == self._side.slot:
            return
        if not self._frames.relay_frame(frame, arrival_s):
            self.quality.unopened(arrival_s)

    def _answered(self, refusal: Refusal) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(refusal)

    def _came(self, members: Iterable[MemberId]) -> None:
        self.present = self.present.union(members)
        if len(self.present) > MEMBERS_MAX:
            self.present = frozenset()
            raise RemoteError("too many members")
        self._inbox.post(PresenceChanged())

    def _answer_have(self, ids: frozenset[bytes], first: bytes, last: bytes) -> None:
        self.send_floor(
            op
            for op in self._side.floor_ops()
            if first <= short(op_id(op)) <= last and short(op_id(op)) not in ids
        )
