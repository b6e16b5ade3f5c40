"""The epochs of a room as operations say them: which are heads, and which grants still count.

An epoch names the ones it replaces, so epochs are a graph without clocks: several members may each
make one at the same time, and whoever sees two heads makes one that replaces both.
"""

import functools
import hashlib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from crypto.ids import DhKey, EpochId, MemberId, OpId, SignKey
from p2p.room.ops.epoch_dag import Ancestry, led
from p2p.room.ops.ids import NO_EPOCH
from p2p.room.ops.kinds import KNOWS_MAX, Epoch, Grant, Mute, Remove, StageEntry
from p2p.room.ops.op import Op
from p2p.room.ops.registers import Registers
from p2p.room.state.authority import Act, Authority

F = TypeVar("F", Grant, Mute)

Why = Literal["start", "kick", "merge", "timer", "asked"]
WHY: tuple[Why, ...] = get_args(Why)
"""Reasons for an epoch, by number."""


@dataclass(frozen=True, slots=True)
class EpochInfo:
    """What an ``Epoch`` operation says; see there."""

    id: EpochId
    author: MemberId
    parents: tuple[EpochId, ...]
    step: int
    why: int
    ephemeral: DhKey
    commit: bytes
    pass_public: SignKey
    roster_count: int
    roster_root: bytes
    stage: tuple[StageEntry, ...]


def _ids(epoch: Epoch) -> tuple[EpochId, ...]:
    return tuple(parent.epoch for parent in epoch.parents)


@functools.lru_cache(maxsize=256)
def _info(op: Op, body: Epoch) -> EpochInfo:
    return EpochInfo(
        EpochId(op.id),
        body.author,
        _ids(body),
        body.step,
        body.why,
        body.ephemeral,
        body.commit,
        body.pass_public,
        body.roster_count,
        body.roster_root,
        body.stage,
    )


def roster_root(members: Iterable[tuple[MemberId, DhKey]]) -> bytes:
    """Hash a roster.

    Args:
        members: Member id and X25519 key of everybody that a secret was wrapped to.

    Returns:
        BLAKE2b-256, person "teahouse/roster", over id | key, ascending by id.
    """
    data = b"".join(member + key for member, key in sorted(members))
    return hashlib.blake2b(data, digest_size=32, person=b"teahouse/roster").digest()


class Epochs:
    """The epochs that count: by somebody with the power to, and with all that they must not hide.

    Attributes:
        by_id: All of them.
        heads: Those that no other replaces, ascending.
        past: Epochs to be forgotten: see ``ancestry``. What was issued there is forgotten before.
        current: Where a grant or a mute has to be issued to count by itself: the heads, or zeros
            as long as there are no epochs.
        recent: These and the ones just before: what was issued there is not forgotten yet.
        restating: Grants that one of these restates.
        shut_out: Of each head whom it was not wrapped for: those whose removals led to it.
        last_removals: Removals that count, with all that led to them, and to which no other such
            leads, 16 at most: what a new operation names so that it can not be shown without them.
    """

    def __init__(self, registers: Registers, authority: Authority) -> None:
        acts = authority.acts(Epoch)
        ancestry = Ancestry(registers, {EpochId(act.op.id) for act in acts})
        acts = [act for act in acts if act.op.id not in ancestry.adrift]
        # Everything before an epoch that counts, also by way of one that does not.
        parents = {epoch: _ids(body) for epoch, body in registers.epochs.items()}
        replaced = led((one for act in acts for one in _ids(act.body)), parents)
        acts = [act for act in acts if act.op.id not in ancestry.past]
        self._awaited = ancestry.awaited
        self.by_id: Mapping[EpochId, EpochInfo] = {
            EpochId(act.op.id): _info(act.op, act.body)
            for act in sorted(acts, key=lambda act: act.op.id)
        }
        self._ranks = {act.op.id: act.rank for act in acts}
        self.heads: tuple[EpochId, ...] = tuple(one for one in self.by_id if one not in replaced)
        self.current: frozenset[EpochId] = frozenset(self.heads or (NO_EPOCH,))
        before = {
            parent for head in self.heads for parent in self.by_id[head].parents or (NO_EPOCH,)
        }
        self.recent: frozenset[EpochId] = self.current | before
        self.restating: frozenset[OpId] = frozenset(
            entry.grant
            for epoch in self.recent & self.by_id.keys()
            for entry in self.by_id[epoch].stage
        )
        self.past: frozenset[EpochId] = ancestry.past - self.recent
        self.shut_out: Mapping[EpochId, frozenset[MemberId]] = {
            head: _shut_out(ancestry.led_to(head), authority) for head in self.heads
        }
        # An operation that named one of which a part is still on its way would not count itself.
        self.last_removals: tuple[OpId, ...] = ancestry.last(
            [act.op.id for act in authority.acts(Remove)]
        )[:KNOWS_MAX]

    def awaits(self, op: OpId) -> bool:
        """Tell whether an epoch or a link would count only with this one, which is missing."""
        return op in self._awaited

    def restated(self) -> list[tuple[EpochInfo, int, StageEntry]]:
        """Give what the heads say is in force on the stage, with the ranks of their authors."""
        return [
            (self.by_id[head], self._ranks[head], entry)
            for head in self.heads
            for entry in self.by_id[head].stage
        ]


def _shut_out(before: Set[OpId], authority: Authority) -> frozenset[MemberId]:
    removals = authority.removals.items()
    return frozenset(member for member, removal in removals if not before.isdisjoint(removal.ops))


def issued_under(acts: Iterable[Act[F]], epochs: frozenset[EpochId]) -> list[Act[F]]:
    """Give those acts on the floor that name one of these epochs."""
    return [act for act in acts if act.body.epoch in epochs]
