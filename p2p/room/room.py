"""One member's view of a room: takes operations in, gives operations out, tells what changed."""

from collections import Counter, deque
from collections.abc import Iterable
from typing import NamedTuple

from crypto.genesis import Genesis
from crypto.identity import Identity
from p2p.errors import RemoteError, UserError
from p2p.room import commands, kinds
from p2p.room.allowance import Allowance, Rate
from p2p.room.changes import changes
from p2p.room.deadlines import Deadlines
from p2p.room.entry import refusal
from p2p.room.events import Event
from p2p.room.ids import MemberId, OpId
from p2p.room.intents import writing_for
from p2p.room.names import DisplayName
from p2p.room.ops import Op, Pen
from p2p.room.opset import OpSet
from p2p.room.stage import GONE
from p2p.room.state import Member, RoomState, state_of

AUTHOR_RATE = Rate(burst=32, per_s=4)
"""New operations of one member that we take in. The host is exempt: it orders everybody's hands."""

SENDER_RATE = Rate(burst=4096, per_s=100)
"""Operations of one neighbour, whoever signed them, that we check a signature for."""

JOIN_RATE = Rate(burst=64, per_s=0.2)
"""Joins of members unknown so far that one neighbour may bring: keys cost nothing to make up."""

OWN_RATE = Rate(burst=16, per_s=2)
"""Our own commands: well below what others take in."""

HOST_RATE = Rate(burst=128, per_s=16)


class Outgoing(NamedTuple):
    """An operation to pass on.

    Attributes:
        to: One member, or None for every neighbour.
        data: The operation.
        but: With ``to`` None: the neighbour who sent it and does not need it back.
    """

    to: MemberId | None
    data: bytes
    but: MemberId | None


class Room:
    """The room as one member holds it. No clock, no socket: ``now`` is monotonic seconds.

    Nothing that comes from outside makes ``receive`` raise. What is bad is dropped and counted in
    ``counts`` under a fixed reason: forged, wrong_room, oversized, malformed, version, flood, full,
    misplaced, stranger; what waits for its author's join as ``held``, what came twice as ``known``.
    """

    def __init__(
        self,
        identity: Identity,
        genesis: bytes,
        name: str,
        *,
        now: float,
        topic: str = "",
        recv: bytes = bytes(32),
    ) -> None:
        """Enter a room, on this side: others learn of it when they get ``join_op``.

        Args:
            identity: Our keys of this run.
            genesis: The room's first record.
            name: As typed.
            now: Monotonic seconds.
            topic: For the host only.
            recv: X25519 public key for the next epoch; zeros for none.

        Raises:
            RemoteError: The genesis is malformed.
        """
        self.genesis = Genesis.decode(genesis)
        self.me: MemberId = identity.member_id
        self.counts: Counter[str] = Counter()
        self._ops = OpSet(self.genesis)
        self.room_id: bytes = self._ops.room_id
        self.host: MemberId = self._ops.host
        self.is_host: bool = self.me == self.host
        self._pen = Pen(identity, self.room_id)
        self._deadlines = Deadlines(self.me, self.host)
        self._authors: dict[MemberId, Allowance] = {}
        self._senders: dict[MemberId, Allowance] = {}
        self._joins: dict[MemberId, Allowance] = {}
        self._own = Allowance(HOST_RATE if self.is_host else OWN_RATE, now)
        self._out: dict[OpId, Outgoing] = {}
        self._events: deque[Event] = deque()
        self._told: RoomState | None = None
        self._now = now
        self._last_slot = kinds.HOST_SLOT
        self._settled = False
        self._state: RoomState
        shown = DisplayName.clean(name, self.me)
        self.join_op: bytes = self._write(
            kinds.Join, identity.sign_key, identity.dh, recv, str(shown)
        ).data
        if self.is_host and topic:
            self._write(kinds.Topic, topic[: kinds.TOPIC_CHARS_MAX])
        self._settle()

    @property
    def state(self) -> RoomState:
        """The room now."""
        self._settle()
        return self._state

    @property
    def is_gone(self) -> bool:
        """We left or were removed."""
        return self.myself.stage in GONE

    @property
    def myself(self) -> Member:
        """Our own entry in the state."""
        return self.state.members[self.me]

    def hand_since(self, member: MemberId) -> float | None:
        """Since when, by our monotonic clock, this hand is up; None when it is down."""
        self._settle()
        return self._deadlines.hand_since(member)

    def refusal(self, join: bytes, dh: bytes) -> str | None:
        """Tell why somebody who knocks is not let in: see ``entry.refusal``."""
        return refusal(join, dh, self._ops, self.state)

    def receive(self, data: bytes, sender: MemberId | None, now: float) -> bool:
        """Take in one operation from a neighbour.

        Args:
            data: Hostile bytes.
            sender: The neighbour it came from, by its link; None for ourselves.
            now: Monotonic seconds.

        Returns:
            True if it was new and counts. Otherwise see ``counts``.
        """
        self._now = max(self._now, now)
        try:
            reason = self._take_in(data, sender)
        except RemoteError as error:
            reason = str(error)
        self.counts[reason] += 1
        return reason == "new"

    def _take_in(self, data: bytes, sender: MemberId | None) -> str:
        op = self._ops.read(data)
        if self._ops.knows(op.id):
            return "known"
        if sender is not None and not self._allow(self._senders, sender, SENDER_RATE):
            return "flood"
        if not self._ops.check(op):
            self._ops.hold(op)
            return "held"
        stranger = isinstance(op.body, kinds.Join) and op.author not in self.state.members
        if stranger and sender is not None and not self._allow(self._joins, sender, JOIN_RATE):
            return "flood"
        if op.author != self.host and not self._allow(self._authors, op.author, AUTHOR_RATE):
            return "flood"
        self._insert(op, sender)
        return "new"

    def _allow(self, buckets: dict[MemberId, Allowance], who: MemberId, rate: Rate) -> bool:
        if who not in buckets:
            buckets[who] = Allowance(rate, self._now)
        return buckets[who].take(self._now)

    def _insert(self, op: Op, sender: MemberId | None) -> None:
        for new in self._ops.insert(op):
            self._out[new.id] = Outgoing(None, new.data, sender if new is op else None)
        self._settled = False

    def do(self, command: commands.Command, now: float) -> None:
        """Carry out a command of ours.

        Raises:
            UserError: It is not possible now; ``code`` and ``message`` say why.
        """
        self._now = max(self._now, now)
        writing = writing_for(command, self.myself, self.state, self._last_slot)
        if writing is None:
            return
        if not isinstance(command, commands.Leave) and not self._own.take(self._now):
            raise UserError("too_fast", "Too many commands at once.", "Wait a few seconds.")
        kind, fields = writing
        op = self._write(kind, *fields)
        if isinstance(op.body, kinds.Grant):
            self._last_slot = op.body.slot

    def _write(self, kind: type[kinds.Body], *fields: object) -> Op:
        op = self._pen.write(kind, *fields)
        self._insert(op, None)
        return op

    def to_send(self, now: float) -> list[Outgoing]:
        """Give what has to go out now, oldest first: our own operations and those passed on."""
        self._now = max(self._now, now)
        self._settle()
        out = [outgoing for op, outgoing in self._out.items() if op in self._ops]
        self._out.clear()
        return out

    def next_timer(self) -> float | None:
        """When ``on_timer`` wants to be called, monotonic seconds; None for never."""
        self._settle()
        return self._deadlines.next_due()

    def on_timer(self, now: float) -> None:
        """Let invitations lapse, and, as the host, put new hands into their order."""
        self._now = max(self._now, now)
        state = self.state
        for member in self._deadlines.lapsed(self._now):
            entry = state.members[member]
            if member == self.me:
                self._write(kinds.Decline, entry.grant, True)
            else:
                self._write(kinds.Down, member, entry.wish, True)
        for hands in self._deadlines.to_name(self._now):
            self._write(kinds.Order, hands)

    def next_event(self) -> Event | None:
        """Give the next change that was not told yet; None when all is told."""
        if not self._events and self._told is not self.state:
            self._events.extend(changes(self._told, self.state))
            self._told = self.state
        return self._events.popleft() if self._events else None

    def _settle(self) -> None:
        """Work the state out again if operations came in since the last time."""
        if self._settled:
            return
        self._settled = True
        self._state = state_of(self._ops.settle())
        self._deadlines.observe(self._state, self._now)

    def ops(self) -> list[bytes]:
        """Give all operations that still count, in an order that can be applied page by page."""
        self._settle()
        return self._ops.all()

    def ids(self) -> list[bytes]:
        """Short ids (8 bytes) of all operations that still count, ascending."""
        self._settle()
        return self._ops.ids()

    def missing(
        self, have: Iterable[bytes], first: bytes = bytes(8), last: bytes = b"\xff" * 8
    ) -> list[bytes]:
        """Give what a neighbour lacks: see ``opset.OpSet.missing``."""
        self._settle()
        return self._ops.missing(have, first, last)
