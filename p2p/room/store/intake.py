"""What is taken in from neighbours, and how much of it."""

from collections import Counter
from dataclasses import replace
from typing import TypeVar

from crypto.ids import MemberId, RoomId
from p2p.errors import RemoteError
from p2p.room.ops.ids import NONE
from p2p.room.ops.kinds import Admit, Body
from p2p.room.ops.op import Op
from p2p.room.ops.registers import ADMITS_MAX
from p2p.room.store.opset import MEMBERS_MAX, OpSet
from p2p.room.store.quotas import PEOPLE_MAX
from p2p.token_bucket import Allowance, Rate

AUTHOR_RATE = Rate(burst=32, per_s=4)
"""New operations of one member about itself that we take in."""

POWER_RATE = Rate(burst=512, per_s=16)
"""New operations of one member that use a power. The host is exempt."""

SENDER_RATE = Rate(burst=4096, per_s=100)
"""Operations of one neighbour, whoever signed them, that we check a signature for."""

ADMIT_RATE = Rate(burst=ADMITS_MAX, per_s=4)
"""Admissions by one member: who comes into an old room hears of all of them at once."""

JOIN_RATE = Rate(burst=64, per_s=0.2)
"""Members unknown so far that one neighbour may bring: keys cost nothing to make up."""

DEAR_RATE = Rate(burst=16, per_s=0.1)
"""Admissions, of whomever, that take a look at all members and let in nobody: see ``Reading``."""

OWN_RATE = Rate(burst=16, per_s=2)
"""Our own commands: well below what others take in."""

HOST_RATE = Rate(burst=128, per_s=16)

BUCKETS_MAX = 16384
"""Beyond so many those that have not been used for a while are dropped: a new one is the same."""

K = TypeVar("K")


class Intake:
    """Decodes, checks and counts, before anything reaches the set.

    Args:
        ops: The set.
        only: Kinds that may come at all; None for any.

    Attributes:
        counts: What became of everything that came, by reason.
    """

    def __init__(self, ops: OpSet, only: frozenset[type[Body]] | None = None) -> None:
        self.counts: Counter[str] = Counter()
        self._ops = ops
        self._only = only
        self._authors: dict[tuple[MemberId, Rate], Allowance] = {}
        self._senders: dict[MemberId, Allowance] = {}
        self._joins: dict[MemberId, Allowance] = {}
        self._dear: dict[RoomId, Allowance] = {}

    def welcome(self, door: MemberId, now: float) -> None:
        """Let a member hand over a whole room at once, as it has let us in.

        Args:
            door: Whose word brought us in; we asked for it.
            now: Monotonic seconds.
        """
        self._senders[door] = Allowance(replace(SENDER_RATE, burst=PEOPLE_MAX), now)
        self._joins[door] = Allowance(replace(JOIN_RATE, burst=MEMBERS_MAX), now)

    def take_in(self, data: bytes, sender: MemberId | None, now: float) -> tuple[str, Op | None]:
        """Judge one operation.

        Args:
            data: Hostile bytes.
            sender: The neighbour it came from; None for ourselves.
            now: Monotonic seconds.

        Returns:
            The reason under which it is counted, and the operation if it could be read. It may be
            inserted if the reason is ``new``; ``left`` means that it lets in somebody who has left,
            and that the sender does not know it.
        """
        op: Op | None = None
        try:
            op = self._ops.read(data)
            reason = self._judge(op, sender, now)
        except RemoteError as error:
            reason = str(error)
        self.counts[reason] += 1
        return reason, op

    def _judge(self, op: Op, sender: MemberId | None, now: float) -> str:
        if self._only is not None and type(op.body) not in self._only:
            return "not_floor"
        newcomer = self._ops.newcomer(op) if isinstance(op.body, Admit) else None
        left = newcomer is not None and self._ops.has_forgotten(newcomer)
        if self._ops.knows(op) and not left:
            return "known"
        if sender is not None and not _allow(self._senders, sender, SENDER_RATE, now):
            return "flood"
        if left:
            return "left"
        if not self._ops.check(op):
            self._ops.hold(op)
            return "held"
        stranger = newcomer is not None and not self._ops.has_joined(newcomer)
        if stranger and sender is not None and not _allow(self._joins, sender, JOIN_RATE, now):
            return "flood"
        dear = sender is not None and self._ops.is_dear(op)
        if dear and not _allow(self._dear, self._ops.room_id, DEAR_RATE, now):
            return "flood"
        rate = POWER_RATE if op.body.auth != NONE else AUTHOR_RATE
        rate = rate if newcomer is None else ADMIT_RATE
        exempt = op.author == self._ops.host
        if not exempt and not _allow(self._authors, (op.author, rate), rate, now):
            return "flood"
        return "new"


def _allow(buckets: dict[K, Allowance], who: K, rate: Rate, now: float) -> bool:
    if who not in buckets:
        if len(buckets) >= BUCKETS_MAX:
            for full in [one for one, bucket in buckets.items() if bucket.is_full(now)]:
                del buckets[full]
        buckets[who] = Allowance(rate, now)
    return buckets[who].take(now)
