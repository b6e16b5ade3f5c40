"""The epochs of a room as operations say them: which are heads, and which grants still count.

An epoch names the ones it replaces, so epochs are a graph without clocks: several members may each
make one at the same time, and whoever sees two heads makes one that replaces both.
"""

import functools
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from p2p.room.authority import Act, Authority
from p2p.room.ids import NONE, MemberId, OpId
from p2p.room.kinds import Epoch, StageEntry
from p2p.room.ops import Op
from p2p.room.registers import Registers

WHY = ("start", "kick", "merge", "timer", "asked")
"""Reasons for an epoch, by number."""


@dataclass(frozen=True, slots=True)
class EpochInfo:
    """What an ``Epoch`` operation says; see there."""

    id: OpId
    author: MemberId
    parents: tuple[OpId, ...]
    step: int
    why: int
    ephemeral: bytes
    commit: bytes
    pass_hash: bytes
    roster_count: int
    roster_root: bytes
    stage: tuple[StageEntry, ...]


@functools.lru_cache(maxsize=1024)
def _info(op: Op, body: Epoch) -> EpochInfo:
    return EpochInfo(
        op.id,
        op.author,
        body.parents,
        body.step,
        body.why,
        body.ephemeral,
        body.commit,
        body.pass_hash,
        body.roster_count,
        body.roster_root,
        body.stage,
    )


def roster_root(members: Iterable[tuple[MemberId, bytes]]) -> bytes:
    """Hash a roster.

    Args:
        members: Member id and X25519 key of everybody that a secret was wrapped to.

    Returns:
        BLAKE2b-256, person "teahouse/roster", over id | key, ascending by id.
    """
    data = b"".join(member + key for member, key in sorted(members))
    return hashlib.blake2b(data, digest_size=32, person=b"teahouse/roster").digest()


class Epochs:
    """The epochs that count.

    Attributes:
        by_id: All of them.
        heads: Those that no other replaces, ascending.
        current: Where a grant or a mute has to be issued to count by itself: the heads, or zeros
            as long as there are no epochs.
        recent: These and the ones just before: what was issued there is not forgotten yet.
    """

    def __init__(self, registers: Registers, authority: Authority) -> None:
        acts = authority.acts(Epoch)
        self.by_id: Mapping[OpId, EpochInfo] = {
            op.id: _info(op, op.body)
            for op in sorted((act.op for act in acts), key=lambda op: op.id)
            if isinstance(op.body, Epoch)
        }
        self._ranks = {act.op.id: act.rank for act in acts}
        replaced = self._replaced(registers)
        self.heads: tuple[OpId, ...] = tuple(one for one in self.by_id if one not in replaced)
        self.current: frozenset[OpId] = frozenset(self.heads or (NONE,))
        before = {parent for head in self.heads for parent in self.by_id[head].parents or (NONE,)}
        self.recent: frozenset[OpId] = self.current | before

    def _replaced(self, registers: Registers) -> set[OpId]:
        """Everything before an epoch that counts, also by way of one that does not."""
        replaced: set[OpId] = set()
        waiting = [parent for info in self.by_id.values() for parent in info.parents]
        while waiting:
            epoch = waiting.pop()
            op = registers.links.get(epoch)
            if epoch in replaced or op is None or not isinstance(op.body, Epoch):
                continue
            replaced.add(epoch)
            if epoch not in self.by_id:
                waiting += op.body.parents
        return replaced

    def restated(self) -> list[tuple[EpochInfo, int, StageEntry]]:
        """Give what the heads say is in force on the stage, with the ranks of their authors."""
        return [
            (self.by_id[head], self._ranks[head], entry)
            for head in self.heads
            for entry in self.by_id[head].stage
        ]


def issued_under(acts: Iterable[Act], epochs: frozenset[OpId]) -> list[Act]:
    """Give those acts on the floor that name one of these epochs."""
    return [act for act in acts if getattr(act.op.body, "epoch", NONE) in epochs]
