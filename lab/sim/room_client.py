"""One member in the simulated network: the shipped cores, and around them what a node does."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from crypto.dh import KeyPair
from crypto.epoch import Keyring
from crypto.handover import keyring_from
from crypto.identity import Identity
from crypto.kid import STEP_MASK
from p2p.errors import RemoteError
from p2p.mesh.frame_crypto import FrameCrypto
from p2p.node.peers.group_key import MAKE_UP_EVERY_S
from p2p.node.relays.floor_ops import SAID_AGAIN_MAX, SAID_AGAIN_S
from p2p.node.secrets import RoomSecrets
from p2p.rekey.commit import first_epoch, slice_wraps
from p2p.rekey.epoch_agent import Epochs
from p2p.rekey.events import KeysChanged, KeysMissing, TimeWrong
from p2p.rekey.fresh_words import FreshWords
from p2p.rekey.room_time import RoomTime
from p2p.rekey.told_time import ToldTime
from p2p.room.ops.ids import NONE
from p2p.room.room import Room
from p2p.wire.codec import have_messages, pages
from p2p.wire.messages import AskKeys, Fresh, GiveKeys, Have, Ops, Wraps
from p2p.wire.relay_messages import AskWrap

MEMBERS_SECRET = b"members' secret".ljust(32)

STOPPED_AFTER_S = 1.0
"""Who speaks is heard four times a second."""

AGAIN_S = 2.0
COMPARED_AT_ONCE = 3
OUT_S = 10.0
"""So long a member that fell out of the room may take to come in again."""

KEY_MESSAGES = (Wraps, AskWrap, AskKeys, GiveKeys)


class Seal(NamedTuple):
    """Under what a member seals what it says by a relay: secret, or none."""

    tag: int
    step: int
    key: bytes


class Invited(NamedTuple):
    """An invite, and the proof that we hold the secret half of its key."""

    id: bytes
    proof: bytes


NOT_INVITED = Invited(NONE, b"")


@dataclass
class Silence:
    """A listener that can not open a speaker for want of a key: since when, and how long at most.

    It lasts from the first frame that could not be opened to the one that could, or, if the
    speaker stops, to the last one that could not.
    """

    since_s: float | None = None
    last_s: float = 0.0
    longest_s: float = 0.0

    def fail(self, now: float) -> None:
        self._look(now)
        if self.since_s is None:
            self.since_s = now
        self.last_s = now
        self.longest_s = max(self.longest_s, now - self.since_s)

    def hear(self, now: float) -> None:
        self._look(now)
        if self.since_s is not None:
            self.fail(now)
            self.since_s = None

    def _look(self, now: float) -> None:
        if now - self.last_s > STOPPED_AFTER_S:  # nothing came at all: muted, or moved down
            self.since_s = None

    def forget(self) -> None:
        self.since_s = None


class Client:
    """A member: room, keys, stage, its own clock, and the lines it has.

    Args:
        number: Its place in the world.
        genesis: The room's first record.
        identity: Its keys.
        rng: Its randomness.
        clock: The world's.
        drift: How much faster its clock runs, 1e-4 for 0.1 ms in a second.
        send: ``(self, to, message)`` puts a message on a line.
        others: Gives the clients it has lines with.
        invite: What it comes by.
    """

    def __init__(
        self,
        number: int,
        genesis: bytes,
        identity: Identity,
        rng: Callable[[int], bytes],
        clock: Callable[[], float],
        drift: float,
        send: "Callable[[Client, Client, object], None]",
        others: "Callable[[Client], Iterable[Client]]",
        invite: Invited = NOT_INVITED,
    ) -> None:
        self.number = number
        self.identity = identity
        self.id = identity.member_id
        self.part = 0
        self.awake = True
        self.honest = True
        self.turned_away = False
        self.joined_s = clock()
        self._clock = clock
        self._rate = 1.0 + drift
        self._ahead_s = rng(1)[0] * 10.0  # monotonic clocks begin anywhere
        self._asleep_since_s = 0.0
        self._lost_s = 0.0
        self._again_s = self._out_since_s = self.now
        self._send = send
        self._others = others
        self.rng = rng
        self._lines: list[Client] = []
        self.pump_due = False
        self.recv = KeyPair.generate(rng)
        self.genesis = genesis
        self._invite = invite
        self.room = self.make_room()
        self.keyring: Keyring | None = None
        self.epochs: Epochs | None = None
        self.words: FreshWords | None = None
        self.stage: FrameCrypto | None = None
        self.room_time = RoomTime(self.now)
        self._mended = self._made_up = 0
        self._made_up_s = self.now - MAKE_UP_EVERY_S
        self._said: deque[tuple[float, bytes]] = deque(maxlen=SAID_AGAIN_MAX)
        self._told_time = ToldTime(None)
        self.silences: dict[bytes, Silence] = {}
        self.pauses: Silence = Silence()

    # --- time -----------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Its own monotonic seconds: skewed, and standing still while it sleeps."""
        return self._ahead_s + (self._clock() - self._lost_s) * self._rate

    @property
    def room_s(self) -> float:
        return self.room_time.at(self.now)

    def sleep(self) -> None:
        self.awake = False
        self._asleep_since_s = self._clock()

    def wake(self) -> None:
        slept_s = self._clock() - self._asleep_since_s
        self._lost_s += slept_s
        self.room_time.slept(slept_s)
        self.awake = True
        for silence in (self.pauses, *self.silences.values()):
            silence.forget()

    # --- coming in ------------------------------------------------------------------------------

    @property
    def inside(self) -> bool:
        return self.epochs is not None

    def found(self) -> None:
        """Make the room."""
        self.hold(first_epoch(self.room, self.rng))

    def enter(self, door: "Client") -> str | None:
        """Come in through a door; the reason if it says no."""
        join = self.room.join_op
        reason = door.room.refusal(join, self.identity.dh)
        if reason is not None:
            return reason
        door.room.admit(join)
        assert door.keyring is not None
        door.keyring.advance(door.room_s)
        step = door.keyring.seal_step
        heads = door.keyring.export(step)
        self.room_time = RoomTime(self.now, door.room_s)
        for op in door.room.ops():
            self.room.receive(op, None, self.now)
        self.hold(keyring_from(heads, step, self.room_s, door.id))
        door.pump()
        self.pump()
        return None

    def make_room(self) -> Room:
        """Our side of the room, as long as nobody has told us anything."""
        return Room(
            self.identity, self.genesis, f"member {self.number}", now=self.now,
            recv=self.recv.public, invite=self._invite.id, proof=self._invite.proof,
        )  # fmt: skip

    def come_in(self, room: Room, secrets: RoomSecrets) -> None:
        """Come in with what doors have said and handed over."""
        self.room, self.room_time = room, secrets.room_time
        self._told_time = ToldTime(secrets.keyring.trial.time_from)
        self.hold(secrets.keyring)
        self.pump()

    def _enter_again(self) -> None:
        """Somebody's word for it is gone, and it with that: another member may let it in."""
        for other in self._lines:
            join = self.room.join_op
            if other.honest and other.room.refusal(join, self.identity.dh) is None:
                other.room.admit(join)
                for op in next(pages(other.room.introduction(self.id))):
                    self.room.receive(op, other.id, self.now)
                other.pump()
                return

    def hold(self, keyring: Keyring) -> None:
        """It has been let in, with these keys."""
        self.keyring = keyring
        self.stage = FrameCrypto(keyring, self.id, self.rng)
        self.epochs = Epochs(self.room, keyring, MEMBERS_SECRET, self.rng, self.now, recv=self.recv)
        self.words = FreshWords(self.room, self.identity, self.now)

    # --- lines ----------------------------------------------------------------------------------

    def knows(self, other: "Client") -> bool:
        """Whether it would have a line with the other: nobody has one with who was removed."""
        return not self.honest or other.id not in self.room.state.removed

    def line_up(self, other: "Client") -> None:
        """A line begins: both say what they hold."""
        for question in have_messages(self.room.ids()):
            self._send(self, other, question)

    def receive(self, message: object, sender: "Client") -> None:
        now = self.now
        if isinstance(message, Ops):
            for op in message.ops:
                self.room.receive(op, sender.id, now)
        elif isinstance(message, Have):
            for page in pages(self.room.missing(message.ids, message.first, message.last)):
                self._send(self, sender, Ops(page))
        elif isinstance(message, Fresh) and self.words is not None:
            self.words.receive(message, self.room_s, now)
        elif isinstance(message, KEY_MESSAGES) and self.epochs is not None:
            try:
                self.epochs.receive(message, sender.id, now)
            except RemoteError as error:
                self.room.counts[f"keys: {error}"] += 1
            self._note_keys()  # the next answer is held against our time as it is then

    @property
    def seal(self) -> Seal | None:
        """Under what it seals now; None: it says nothing by a relay."""
        ring = self.keyring
        if ring is None or ring.waiting:
            return None
        key = ring.gossip_key(ring.seal_step, ring.frontier)
        return Seal(ring.frontier_tag, ring.seal_step, bytes(key))

    def reads(self, seal: Seal | None) -> bool | None:
        """Whether what is sealed so opens; if not, that says something of our keys.

        None: not yet, for its key is not here.
        """
        ring = self.keyring
        if ring is None or seal is None:
            return False
        try:
            frontier = ring.frontier_of(seal.tag)
        except RemoteError:
            return None
        try:
            key = ring.gossip_key(ring.live_step(seal.step & STEP_MASK, frontier), frontier)
        except RemoteError:
            return False
        if bytes(key) != seal.key:
            ring.said_falsely(frontier)
        return bytes(key) == seal.key

    def hear_time(self, sender: "Client") -> None:
        """Another says what time it is."""
        room_s, now, members = sender.room_s, self.now, self.room.state.members
        moderates = sender.id in members and members[sender.id].moderates
        by_s = self._told_time.tell(sender.id, room_s - self.room_s, now, moderates=moderates)
        if by_s is None or self.keyring is None:
            self.room_time.hear(room_s, now)
            return
        self._mended += 1
        self.room_time.put_forward(by_s)
        self.keyring.correct(self.room_s)

    def tick(self, others: "list[Client]") -> None:
        """What a node does several times a second; it has lines with the others."""
        assert self.keyring is not None
        assert self.epochs is not None
        now = self.now
        here = {other.id for other in others}
        self._lines = others
        self.keyring.advance(self.room_s)
        self.room.observe_present(here, now)
        self.epochs.observe_present(here, now)
        self.epochs.observe_neighbours(here, now)
        self.room.on_timer(now)
        if self.room.is_in or self.room.is_gone:
            self._out_since_s = now
        elif now >= self._again_s:
            self._again_s = now + AGAIN_S
            self._enter_again()
            # The room was shut before anybody who moderates it had heard of us.
            self.turned_away = bool(others) and now > self._out_since_s + OUT_S
        self._speak_words(others)
        self._compare_if_misled()
        self.pump()

    def _compare_if_misled(self) -> None:
        """What was said while a key or the time was wrong is lost: it goes again, and is asked."""
        assert self.epochs is not None
        mended = self.epochs.counts["replaced"] + self._mended
        if mended != self._made_up and self.now >= self._made_up_s + MAKE_UP_EVERY_S:
            self._made_up, self._made_up_s = mended, self.now
            said = [op for at_s, op in self._said if at_s >= self.now - SAID_AGAIN_S]
            for other in self._lines:
                self._send(self, other, Ops(tuple(said)))
            for other in self._lines[:COMPARED_AT_ONCE]:
                self.line_up(other)

    def _speak_words(self, others: "list[Client]") -> None:
        assert self.words is not None
        assert self.epochs is not None
        assert self.stage is not None
        now = self.now
        self.words.observe({other.id for other in others}, now)
        self.epochs.observe_words(unchecked=self.words.is_unchecked(now), now=now)
        self.stage.held = self.epochs.held is not None
        word = self.words.to_say(self.room_s, now)
        for other in others if word is not None else ():
            self._send(self, other, word)
        differ = self.words.whom_to_ask(now)
        for other in others:
            if other.id in differ:
                self.line_up(other)

    def pump(self) -> None:
        """Say what there is to say."""
        self.pump_due = False
        now = self.now
        if self.epochs is not None:
            while out := self.epochs.to_send(now):
                self._say_keys(out)
        outgoings = self.room.to_send(now)
        # Also to whoever is removed by it: the line ends with the next tick only.
        others = dict.fromkeys([*self._lines, *self._others(self)]) if outgoings else {}
        for outgoing in outgoings:
            self._said.append((now, outgoing.data))
            for other in others:
                if other.id != outgoing.but and outgoing.to in (None, other.id):
                    self._send(self, other, Ops((outgoing.data,)))
        while self.room.next_event() is not None:
            pass
        self._compare_after_keys()
        self._note_keys()

    def _compare_after_keys(self) -> None:
        """Tell those with whom keys were exchanged what we hold."""
        met = [] if self.epochs is None else self.epochs.whom_to_compare_with(self.now)
        for other in self._others(self) if met else ():
            if other.id in met:
                self.line_up(other)

    def _note_keys(self) -> None:
        """What changed about keys: what waited for them may open, or the time was wrong."""
        if self.epochs is None or self.stage is None or self.keyring is None:
            return
        while (event := self.epochs.next_event()) is not None:
            if isinstance(event, KeysChanged):
                for opened in self.stage.retry(self.now, self.room.state.slots):
                    self._silence(opened.member).hear(self._clock())
            elif isinstance(event, TimeWrong):
                self.room_time.correct(event.room_s, self.now)
                self.keyring.correct(event.room_s)
            self._mended += isinstance(event, TimeWrong) or event == KeysMissing(on=False)

    def _say_keys(self, out: Iterable[tuple[bytes | None, object]]) -> None:
        others = list(self._others(self)) if out else []
        for to, message in out:
            for other in others:
                if to not in (None, other.id):
                    continue
                if isinstance(message, Wraps):
                    epoch = self.room.state.epochs.get(message.epoch_id)
                    # None: it does not count any more, as its author was demoted meanwhile.
                    mine = epoch and slice_wraps(message.wraps, epoch.ephemeral, [other.id])
                    if mine:
                        self._send(self, other, Wraps(message.epoch_id, mine))
                else:
                    self._send(self, other, message)

    # --- sound ----------------------------------------------------------------------------------

    @property
    def slot(self) -> int | None:
        """Its slot while it may be heard, by its own view."""
        slots = self.room.state.slots
        return next((slot for slot, member in slots.items() if member == self.id), None)

    def speak(self) -> bytes | None:
        """One frame, if it may speak and has the key to."""
        if self.stage is None or self.slot is None:
            self.pauses.forget()
            return None
        frame = self.stage.seal(b"frame", self.slot, self.room_s)
        if frame is None:
            self.pauses.fail(self._clock())
        else:
            self.pauses.hear(self._clock())
        return frame

    def hear(self, frame: bytes, speaker: "Client") -> bool:
        """Take a frame; True if it could be opened at once."""
        if self.stage is None:
            return False
        slots, now = self.room.state.slots, self.now
        silence = self._silence(speaker.id)
        if speaker.id not in slots.values() or not self.room.is_in:
            silence.forget()  # not heard because the room says so, not for want of a key
        try:
            opened = self.stage.open(frame, speaker.id, slots, now)
        except RemoteError as error:
            if str(error) in ("frontier", "step", "seal"):
                silence.fail(self._clock())
            return False
        if opened is None:
            silence.fail(self._clock())
            return False
        silence.hear(self._clock())
        return True

    def _silence(self, speaker: bytes) -> Silence:
        return self.silences.setdefault(speaker, Silence())
