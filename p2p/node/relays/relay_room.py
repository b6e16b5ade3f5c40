"""Our room by way of relays: operations, sealed gossip, wraps, presence and sound.

Floor operations go to the relays as they are, since relays judge by them; everything else that
members tell each other is sealed (``p2p.mesh.group_messages``) and goes to one member or to all.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crypto.contact import Contact
from crypto.ids import MemberId
from p2p.errors import RemoteError
from p2p.link.work import Work
from p2p.mesh.group_messages import Gossip, Told
from p2p.mesh.seen import Seen
from p2p.mesh.strangers import Strangers
from p2p.node.endpoint import MemberEndpoint
from p2p.node.relays.attached import Attached
from p2p.node.relays.failover import Failover
from p2p.node.relays.floor_ops import SAID_AGAIN_S, FloorOps
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.relays.relay_list import RelayList
from p2p.node.relays.relay_session import FrameSink, RoomSide
from p2p.node.secrets import RoomSecrets
from p2p.rng import system_rng
from p2p.room.ops.ids import relay_as_sender
from p2p.room.ops.powers import HOST, NOBODY
from p2p.room.room import Room
from p2p.wire import codec
from p2p.wire.codec import Message, have_messages, pages
from p2p.wire.messages import Fresh, Have, Near, Ops, Resolved, Wraps
from p2p.wire.relay_messages import EVERYBODY, AskWrap

COMPARE_EVERY_S = 15.0
COMPARED_AT_ONCE = 3
TIME_EVERY_S = 5.0
IDS_PER_GOSSIP = 1000


class Saying(NamedTuple):
    """What a member in force said through a relay."""

    frm: MemberId
    message: Message


@dataclass(slots=True)
class _Rounds:
    """When what comes round is due, and whose turn it is.

    Attributes:
        compared: With so many others we have compared.
        compare_s: When we do again, monotonic seconds.
        time_s: When we tell the time again.
    """

    compared: int
    compare_s: float = 0.0
    time_s: float = 0.0


class RelayedRoom:
    """One member's room at its relays.

    Args:
        room: What the members agree on.
        secrets: Ours and the room's.
        endpoint: Ours; its inbox takes what relays say.
        relay_links: Links to relays.
        work: Where attaching runs.
        frames: Takes the sound that relays bring.

    Attributes:
        failover: Our seats.
        relay_list: Which relays the room names.
    """

    def __init__(
        self,
        room: Room,
        secrets: RoomSecrets,
        endpoint: MemberEndpoint,
        relay_links: RelayLinks,
        work: Work,
        frames: FrameSink,
    ) -> None:
        keyring = secrets.keyring
        self._room = room
        self._secrets = secrets
        self._work = work
        self._gossip = Gossip(keyring, room.room_id, system_rng)
        self._seen = Seen()
        self._strangers = Strangers(self._gossip.counters)
        self._floor = FloorOps(room)
        self._rounds = _Rounds(int.from_bytes(system_rng(2), "big"))
        side = RoomSide(
            secrets.identity,
            secrets.genesis,
            room.room_id,
            pass_key=lambda: bytes(keyring.pass_),
            floor_ops=self._floor.all,
        )
        self.failover = Failover(side, endpoint.inbox, frames, relay_links, work)
        self.relay_list = RelayList(room, self.failover)
        self._attached = Attached(room.me)

    def start(self, relays: Sequence[Contact]) -> None:
        """Attaches to relays, the best first, and stays attached."""
        self.failover.set_relays(relays)
        self._work.create_task(self.failover.run())

    @property
    def counters(self) -> Counter[str]:
        """Sealed messages that were refused, by reason."""
        return self._gossip.counters

    @property
    def is_attached(self) -> bool:
        """Whether a relay carries our sound now."""
        return bool(self.failover.seats)

    @property
    def is_shut_out(self) -> bool:
        """Whether no relay carries for us, and one has refused the pass that we have."""
        return not self.failover.seats and "bad_pass" in self.failover.refused.values()

    @property
    def present(self) -> frozenset[MemberId]:
        """Members attached to our relays or to those joined to them, ourselves left out."""
        return self._attached.others(seat.present for seat in self.failover.seats)

    @property
    def rtt_ms(self) -> float | None:
        """Round trip to the relay that carries our sound."""
        first = self.failover.first
        return None if first is None else first.link.rtt_ms

    # --- out ------------------------------------------------------------------------------------

    def pass_on(self, ops: Iterable[bytes], now: float) -> None:
        """Hands operations to the relays, but for those that came from there."""
        new = [op for op in ops if not self._floor.came_by_relay(op)]
        self._floor.note_to_relay(new, now)
        self._say_ops(new)

    def _say_ops(self, ops: Sequence[bytes]) -> None:
        if not self.failover.seats:
            return
        if floor := [op for op in ops if self._floor.is_floor(op)]:
            for seat in self.failover.seats:
                seat.send_floor(floor)
        for page in pages(op for op in ops if not self._floor.is_floor(op)):
            self.say(Ops(page))

    def say(self, message: Message, to: MemberId = EVERYBODY, *, every_way: bool = False) -> bool:
        """Tells one member or all, if need be by all our relays; False if it cannot be said now."""
        seats = self.failover.seats if every_way else self.failover.seats[:1]
        blob = self._gossip.seal(codec.encode(message), self._room.me, to) if seats else None
        if blob is None:
            return False
        for seat in seats:
            seat.send_gossip(to, blob)
        return True

    def compare_with(self, members: Iterable[MemberId]) -> None:
        """Says by all our relays what we hold, to members who seem to hold something else."""
        for have in have_messages(self._room.ids(), IDS_PER_GOSSIP):
            for member in members:
                self.say(have, member, every_way=True)

    def make_up(self, now: float) -> None:
        """Our keys or our time were wrong: what we said goes again, and several are asked."""
        self._say_again(now)
        for _ in range(COMPARED_AT_ONCE):
            self._compare()

    def send_wraps(self, message: Wraps, *, reserve: bool = False) -> None:
        """Hands in wraps at the first relay or in reserve; their epoch was passed on before."""
        seats = self.failover.seats
        for seat in seats[1:] if reserve else seats[:1]:
            seat.send_wraps(message.epoch_id, message.wraps)

    def ask_wrap(self, question: AskWrap) -> None:
        """Asks another member for our wrap of an epoch, by all our relays."""
        for seat in self.failover.seats:
            seat.ask_wrap(question)

    def tick(self, here: Collection[MemberId], now: float) -> Iterator[Saying]:
        """Now and then: compares with one member what we hold, tells the time, names relays.

        Args:
            here: Members who are present, direct neighbours included.
            now: Monotonic seconds.

        Returns:
            What waited for its sender's join, which has come.
        """
        self.relay_list.tick(now)
        if now >= self._rounds.compare_s:
            self._rounds.compare_s = now + COMPARE_EVERY_S
            self._compare()
        if now >= self._rounds.time_s:
            self._rounds.time_s = now + TIME_EVERY_S
            if self._keeps_time(here):
                self.say(Near(int(self._secrets.room_time.at(now) * 1000), ()))
        return self._sayings(self._strangers.known(self._room.state.in_roster, now), now)

    def first_changed(self, now: float) -> None:
        """Another relay carries our sound: what we, or the others, missed meanwhile goes again."""
        self._rounds.compare_s = 0.0
        self._say_again(now)

    def _say_again(self, now: float) -> None:
        self._say_ops(self._floor.said_since(now - SAID_AGAIN_S))

    # --- in -------------------------------------------------------------------------------------

    def take_floor(self, ops: Sequence[bytes], now: float) -> None:
        """Takes floor operations that a relay says."""
        first = self.failover.first
        sender = None if first is None else relay_as_sender(first.link.contact.dh)
        for op in ops:
            self._floor.note_from_relay(op)
            self._room.receive(op, sender, now)

    def open_gossip(self, frm: MemberId, to: MemberId, blob: bytes, now: float) -> Iterator[Saying]:
        """Opens what a relay brings; while we change relays it may come by both.

        What cannot be read is counted; the relay is not to blame for what it only carries.
        """
        if not self._seen.is_new(frm, to, blob):
            return iter(())
        try:
            told = self._gossip.open(blob, frm, to, now)
        except RemoteError:
            return iter(())
        return self._sayings([] if told is None else [told], now)

    def retry(self, now: float) -> Iterator[Saying]:
        """Keys have come: reads what waited for them."""
        return self._sayings(self._gossip.retry(now), now)

    def refuse(self) -> None:
        """What a member said through a relay breaks a rule."""
        self._gossip.counters["message"] += 1

    def _sayings(self, told: Iterable[Told], now: float) -> Iterator[Saying]:
        # One by one: what the first one says may make the second one's sender known.
        return (saying for one in told if (saying := self._saying(one, now)) is not None)

    def _saying(self, told: Told, now: float) -> Saying | None:
        """Only members in force say anything; whose join may be on its way waits for it."""
        state = self._room.state
        if not state.in_roster(told.frm):
            if told.frm in state.members or told.frm in state.removed:
                self._strangers.drop()
            else:
                self._strangers.hold(told, now)
            return None
        try:
            message = codec.decode(told.message)
            if not told.private:
                message = self._without_joins(message)
        except RemoteError:
            self.refuse()
            return None
        if isinstance(message, Ops):
            for op in message.ops:
                self._floor.note_from_relay(op)
        return Saying(told.frm, message)

    def _without_joins(self, message: Message) -> Message:
        """What may be of somebody who was removed brings no new members.

        Raises:
            RemoteError: It is neither operations nor a word nor a relay's record, which are signed,
                nor a question.
        """
        if isinstance(message, Have | Fresh | Resolved):
            return message
        if not isinstance(message, Ops):
            raise RemoteError("under a key that somebody removed holds")
        kept = tuple(op for op in message.ops if not self._room.brings_somebody(op))
        self._strangers.drop(len(message.ops) - len(kept))
        return Ops(kept)

    # --- what relays have -----------------------------------------------------------------------

    def _compare(self) -> None:
        others = sorted(self.present & self._room.state.members.keys())
        if others:
            self._rounds.compared += 1
            other = others[self._rounds.compared % len(others)]
            for have in have_messages(self._room.ids(), IDS_PER_GOSSIP):
                self.say(have, other)

    def _keeps_time(self, here: Collection[MemberId]) -> bool:
        """One member tells the time: the most senior one who is here."""
        state, me = self._room.state, self._room.me
        members = state.members
        ranked = [m for m in state.ranked if m in members and (m == me or m in here)]
        some = [m for m in ranked if members[m].rank < NOBODY] or [m for m in here if m in members]
        seniors = [(members[m].rank, m) for m in {*some, me} if m in members]
        return min(seniors, default=(HOST, b""))[1] == me
