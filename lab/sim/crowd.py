"""A room of thousands in which somebody is removed: how the new key reaches everybody.

What is driven is the shipped ``p2p.rekey`` of every member, with real keys and wraps. Its room is a
stand-in that knows two states, before the removal and after it; what it takes to evaluate
operations is not counted here. Members hang on relays, which are a tree of fan-out 8; each link has
a delay of its own, lognormal around 40 ms, and each member an uplink. What a member computes is
measured, and delays what it says. Some members have crashed, and nobody has noticed; some wrap
nothing. Nobody has a line on which to ask for keys in another way (``AskKeys``).
"""

import gc
import math
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from unittest.mock import patch

from crypto.dh import KeyPair
from crypto.epoch import Keyring
from crypto.head import Head
from crypto.ids import DhKey, EpochId, MemberId, RoomId, SignKey
from crypto.wrap import TAG_BYTES, wrap_tag
from lab.sim.room_network import Clock
from p2p.errors import RemoteError
from p2p.rekey import sharing
from p2p.rekey.epoch_agent import Epochs, KeyMessage, NewKey
from p2p.room.state.epochs import EpochInfo
from p2p.wire.codec import encode
from p2p.wire.messages import Wraps
from p2p.wire.relay_messages import RelayWraps

HOP_S, HOP_SIGMA = 0.04, 0.4
SEATS_A_RELAY, FAN_OUT = 256, 8
UPLINK_BPS = 1e6
AT_RELAYS = 2
"""A member hands in its wraps at both its relays."""

RECORD_BYTES = 1344
LIMIT_S = 5.0
ROOM = RoomId(bytes(32))


@dataclass(frozen=True, slots=True)
class Somebody:
    """What new keys need to know of a member."""

    id: MemberId
    recv: DhKey
    rank: int


@dataclass
class View:
    """What the members agree on, at one moment."""

    members: dict[MemberId, Somebody]
    slots: dict[int, MemberId]
    epochs: dict[EpochId, EpochInfo]
    removed: frozenset[MemberId] = frozenset()

    @cached_property
    def heads(self) -> tuple[EpochId, ...]:
        replaced = {parent for epoch in self.epochs.values() for parent in epoch.parents}
        return tuple(sorted(self.epochs.keys() - replaced))

    @cached_property
    def shut_out(self) -> dict[EpochId, frozenset[MemberId]]:
        return dict.fromkeys(self.heads, self.removed)

    @cached_property
    def roster(self) -> list[Somebody]:
        return [one for one in self.members.values() if one.id not in self.removed]

    def in_roster(self, member: MemberId) -> bool:
        return member in self.members and member not in self.removed


class Room:
    """One member's view of it."""

    room_id = ROOM
    takes_epochs = True

    def __init__(self, me: MemberId, state: View) -> None:
        self.me = me
        self.state = state

    def roster(self) -> list[Somebody]:
        return self.state.roster

    def write_recv(self, public: DhKey) -> None:
        """The next receive key is of no interest here."""

    def write_epoch(
        self, parents: Sequence[EpochId], step: int, why: int, ephemeral: DhKey, commit: bytes,
        pass_public: SignKey, members: Iterable[Somebody],
    ) -> EpochInfo:  # fmt: skip
        epoch = EpochInfo(
            EpochId(commit[:16]), self.me, tuple(parents), step, why, ephemeral, commit,
            pass_public, len(list(members)), b"", (),
        )  # fmt: skip
        known = self.state.epochs | {epoch.id: epoch}
        self.state = View(self.state.members, self.state.slots, known, self.state.removed)
        return epoch


@dataclass
class Member:
    """One program, and what it has sent and got.

    Attributes:
        knows_s: When it learned of the removal and the new epoch, after the command.
        holds_s: When it had the key.
        up_bytes: Wraps that it handed in, at all its relays.
        down_bytes: Wraps that it was handed.
        again_bytes: Of those what is to go to the relay in reserve, when the first has all.
    """

    room: Room
    keyring: Keyring
    epochs: Epochs
    relay: int
    access_s: float
    dead: bool = False
    withholds: bool = False
    busy_s: float = 0.0
    knows_s: float = math.inf
    holds_s: float = math.inf
    up_bytes: int = 0
    down_bytes: int = 0
    again_bytes: int = 0


@dataclass
class Found:
    """What one removal came to, in seconds after the command."""

    deaf_s: float = 0.0
    last_speaker_s: float = 0.0
    last_listener_s: float = 0.0
    median_listener_s: float = 0.0
    without_key: int = 0
    author_up_bytes: int = 0
    most_up_bytes: int = 0
    most_down_bytes: int = 0
    wrappers: int = 0
    asked: int = 0
    given: int = 0
    refused: int = 0
    author_cpu_ms: float = 0.0
    shares_cpu_ms: float = 0.0


@dataclass
class Crowd:
    """A room of so many members, of whom ``speakers`` speak and four moderate.

    Attributes:
        dead: What share of the listeners has crashed.
        withhold: What share of the listeners wraps nothing for others, whoever asks.
    """

    seed: int
    count: int
    speakers: int = 8
    dead: float = 0.0
    withhold: float = 0.0
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self._found = Found()
        self._shares: dict[tuple[EpochId, int], tuple[object, float]] = {}
        keyring = Keyring.create(self.random.randbytes)
        ((first, secret, pass_),) = keyring.export(0)
        pairs = [KeyPair.generate(self.random.randbytes) for _ in range(self.count)]
        ids = [MemberId(self.random.randbytes(16)) for _ in range(self.count)]
        members = {
            one: Somebody(one, pair.public, min(number, 2) if number < 4 else 4)
            for number, (one, pair) in enumerate(zip(ids, pairs, strict=True))
        }
        slots = {number + 1: one for number, one in enumerate(ids[: self.speakers])}
        begun = EpochInfo(
            first, ids[0], (), 0, 0, DhKey(bytes(32)), b"", SignKey(bytes(32)), 1, b"", ()
        )
        view = View(members, slots, {first: begun})
        relays = -(-self.count // SEATS_A_RELAY)
        self._to_root_s = [0.0]
        for relay in range(1, relays):
            self._to_root_s.append(self._to_root_s[(relay - 1) // FAN_OUT] + self._hop_s())
        self.members: dict[MemberId, Member] = {}
        for one, pair in zip(ids, pairs, strict=True):
            room = Room(one, view)
            ring = Keyring([Head(first, secret, 0)], pass_)
            epochs = Epochs(room, ring, bytes(32), self.random.randbytes, 0.0, pair)  # type: ignore[arg-type]
            relay = self.random.randrange(relays)
            self.members[one] = Member(room, ring, epochs, relay, self._hop_s())
        for one in ids[max(4, self.speakers) :]:
            self.members[one].dead = self.random.random() < self.dead
            self.members[one].withholds = self.random.random() < self.withhold

    def _hop_s(self) -> float:
        return self.random.lognormvariate(math.log(HOP_S), HOP_SIGMA)

    def _way_s(self, one: Member, other: Member) -> float:
        """From a member to another: up to its relay, along the tree, down."""
        a, b, along_s = one.relay, other.relay, 0.0
        while a != b:
            low = max(a, b)
            above = (low - 1) // FAN_OUT
            along_s += self._to_root_s[low] - self._to_root_s[above]
            a, b = (above if a == low else a), (above if b == low else b)
        return one.access_s + along_s + other.access_s

    # --- one removal ----------------------------------------------------------------------------

    def kick(self) -> Found:
        """A moderator removes a listener with a new key."""
        author = self.members[next(iter(self.members))]
        view = author.room.state
        target = self.random.choice([m for m in self.members if m not in view.slots.values()][4:])
        gc.collect()
        gc.disable()  # to look through ten thousand members in one process is nobody's work
        with patch.object(sharing, "shares_of", self._shares_once()):
            began_s = time.thread_time()
            author.room.state = View(view.members, view.slots, view.epochs, frozenset((target,)))
            author.epochs.do(NewKey(shut_out=True), 0.0)
            author.busy_s = time.thread_time() - began_s
            self._found.author_cpu_ms = 1000 * author.busy_s
            after = author.room.state
            (self._epoch,) = after.heads
            record = after.epochs[self._epoch]
            self._by_tag: dict[bytes, list[Member]] = {}
            for one in after.roster:
                tag = wrap_tag(record.ephemeral, one.id)
                self._by_tag.setdefault(tag, []).append(self.members[one.id])
            author.knows_s = author.holds_s = author.busy_s
            author.busy_s += 8 * RECORD_BYTES * AT_RELAYS / UPLINK_BPS
            for member in self.members.values():
                if member is not author and member.room.me != target and not member.dead:
                    at_s = author.busy_s + self._way_s(author, member)
                    self.clock.at(at_s, partial(self._learns, member, after))
            self._pump(author)
            self.clock.run_until(LIMIT_S)
        gc.enable()
        return self._judge(author, target)

    def _shares_once(self):  # type: ignore[no-untyped-def]
        """Worked out once for all members, and counted for each."""
        genuine = sharing.shares_of

        def once(epoch: EpochInfo, room: Room, here: object) -> object:
            key = epoch.id, id(room.state)
            if key not in self._shares:
                began_s = time.thread_time()
                found = genuine(epoch, room, here)  # type: ignore[arg-type]
                self._shares[key] = found, time.thread_time() - began_s
            found, spent_s = self._shares[key]
            self.members[room.me].busy_s = max(self.members[room.me].busy_s, self.clock.now)
            self.members[room.me].busy_s += spent_s
            self._found.shares_cpu_ms = max(self._found.shares_cpu_ms, 1000 * spent_s)
            return found

        return once

    def _learns(self, member: Member, after: View) -> None:
        member.room.state = after
        member.knows_s = self.clock.now
        self._pump(member)

    def _pump(self, member: Member) -> None:
        """A member says what it has to say, and is looked at again when it wants to be."""
        now = self.clock.now
        while True:
            began_s = time.thread_time()
            said = member.epochs.to_send(now)
            spent_s = time.thread_time() - began_s
            if not said:
                break
            member.busy_s = max(member.busy_s, now) + spent_s
            for to, message in said:
                self._send(member, to, message)
        member.busy_s += 8 * member.again_bytes / UPLINK_BPS
        member.again_bytes = 0
        if member.holds_s == math.inf and member.keyring.knows(self._epoch):
            member.holds_s = now
        if now < LIMIT_S and member.holds_s == math.inf:
            self.clock.at(max(now + 0.01, member.epochs.next_timer()), partial(self._pump, member))
        elif now < LIMIT_S and (at_s := member.epochs.next_timer()) < now + 2.0:
            self.clock.at(max(now + 0.01, at_s), partial(self._pump, member))

    def _send(self, member: Member, to: MemberId | None, message: KeyMessage) -> None:
        if not isinstance(message, Wraps):
            other = self.members[to]
            at_s = max(member.busy_s, self.clock.now) + self._way_s(member, other)
            self.clock.at(at_s, partial(self._arrive, member, other, message))
            return
        if member.withholds:
            return
        size = len(encode(RelayWraps(ROOM, message.epoch_id, message.wraps)))
        member.up_bytes += AT_RELAYS * size
        member.again_bytes += (AT_RELAYS - 1) * size
        member.busy_s += 8 * size / UPLINK_BPS
        for wrap in message.wraps:
            for other in self._by_tag.get(wrap[:TAG_BYTES], ()):
                mine = Wraps(message.epoch_id, (wrap,))
                at_s = member.busy_s + self._way_s(member, other)
                self.clock.at(at_s, partial(self._arrive, member, other, mine))

    def _arrive(self, member: Member, other: Member, message: object) -> None:
        if other.dead:
            return
        if isinstance(message, Wraps):
            other.down_bytes += len(encode(RelayWraps(ROOM, message.epoch_id, message.wraps)))
        try:
            other.epochs.receive(message, member.room.me, self.clock.now)  # type: ignore[arg-type]
        except RemoteError:
            self._found.refused += 1
        self._pump(other)

    def _judge(self, author: Member, target: MemberId) -> Found:
        found, state = self._found, author.room.state
        alive = [m for m in self.members.values() if not m.dead and m.room.me != target]
        speakers = [self.members[one] for one in state.slots.values()]
        found.deaf_s = max(one.knows_s for one in speakers)
        found.last_speaker_s = max(one.holds_s for one in speakers)
        times = sorted(min(one.holds_s, LIMIT_S) for one in alive)
        found.last_listener_s, found.median_listener_s = times[-1], times[len(times) // 2]
        found.without_key = sum(one.holds_s == math.inf for one in alive)
        found.author_up_bytes = author.up_bytes
        found.most_up_bytes = max(one.up_bytes for one in alive if one is not author)
        found.most_down_bytes = max(one.down_bytes for one in alive)
        found.wrappers = sum(one.up_bytes > 0 for one in alive)
        found.asked = sum(one.epochs.counts["asked_wrap"] for one in alive)
        found.given = sum(one.epochs.counts["given"] for one in alive)
        if self.members[target].keyring.knows(self._epoch):
            raise RuntimeError("the removed member holds the new key")
        return found
