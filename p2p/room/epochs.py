"""The epochs of a room as operations say them: which are heads, and which grants still count.

An epoch names the ones it replaces, so epochs are a graph without clocks: several members may each
make one at the same time, and whoever sees two heads makes one that replaces both.
"""

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from p2p.room.authority import Act, Authority
from p2p.room.ids import NONE, MemberId, OpId
from p2p.room.kinds import Epoch, Grant, Join, Mute, Remove, StageEntry
from p2p.room.ops import Op
from p2p.room.registers import Registers

F = TypeVar("F", Grant, Mute)

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
        body.author,
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
    """The epochs that count: by somebody with the power to, and with all that led to them.

    Attributes:
        by_id: All of them.
        heads: Those that no other replaces, ascending.
        current: Where a grant or a mute has to be issued to count by itself: the heads, or zeros
            as long as there are no epochs.
        recent: These and the ones just before: what was issued there is not forgotten yet.
        hideable: Removals that count, with all that led to them, and that no head leads to.
    """

    def __init__(self, registers: Registers, authority: Authority) -> None:
        leads = _leads(registers)
        adrift = _adrift(registers, leads)
        acts = [act for act in authority.acts(Epoch) if act.op.id not in adrift]
        self.by_id: Mapping[OpId, EpochInfo] = {
            act.op.id: _info(act.op, act.body) for act in sorted(acts, key=lambda act: act.op.id)
        }
        self._ranks = {act.op.id: act.rank for act in acts}
        replaced = self._replaced(registers)
        self.heads: tuple[OpId, ...] = tuple(one for one in self.by_id if one not in replaced)
        self.current: frozenset[OpId] = frozenset(self.heads or (NONE,))
        before = {parent for head in self.heads for parent in self.by_id[head].parents or (NONE,)}
        self.recent: frozenset[OpId] = self.current | before
        led = _led(self.heads, leads)
        removals = [act.op.id for act in authority.acts(Remove)]
        # An epoch that named one of which a part is still on its way would not count itself.
        self.hideable: tuple[OpId, ...] = tuple(sorted(set(removals) - led - adrift))

    def _replaced(self, registers: Registers) -> set[OpId]:
        """Everything before an epoch that counts, also by way of one that does not."""
        parents = {
            op.id: op.body.parents for op in registers.links.values() if isinstance(op.body, Epoch)
        }
        return _led((parent for info in self.by_id.values() for parent in info.parents), parents)

    def restated(self) -> list[tuple[EpochInfo, int, StageEntry]]:
        """Give what the heads say is in force on the stage, with the ranks of their authors."""
        return [
            (self.by_id[head], self._ranks[head], entry)
            for head in self.heads
            for entry in self.by_id[head].stage
        ]


def _leads(registers: Registers) -> dict[OpId, list[OpId]]:
    """Give of every link what leads to it.

    That is what its author did before it; to an epoch also those it replaces, and the removals that
    it knows of. A relay knows no joins, so it can not follow authors' chains; nor does it give
    anybody a key.
    """
    return {
        op.id: [
            *([op.body.prev] if registers.read("join", op.author) else []),
            *((*op.body.parents, *op.body.knows) if isinstance(op.body, Epoch) else []),
        ]
        for op in registers.links.values()
    }


def _led(links: Iterable[OpId], leads: Mapping[OpId, Sequence[OpId]]) -> set[OpId]:
    """These, and everything that leads to one of them."""
    led: set[OpId] = set()
    waiting = list(links)
    while waiting:
        link = waiting.pop()
        if link not in led:
            led.add(link)
            waiting += leads.get(link, ())
    return led


def _adrift(registers: Registers, leads: Mapping[OpId, list[OpId]]) -> set[OpId]:
    """Find links of which not everything is here that led to them.

    Whoever hides a removal and shows the epoch that followed it must not make us believe that the
    removed one was meant to have its key.
    """
    joins = {op.id for op, _ in registers.all("join", Join)}
    known = joins | registers.links.keys()
    adrift = {link for link, before in leads.items() if not known.issuperset(before)}
    while adrift:
        more = {link for link, before in leads.items() if not adrift.isdisjoint(before)} - adrift
        if not more:
            break
        adrift |= more
    return adrift


def issued_under(acts: Iterable[Act[F]], epochs: frozenset[OpId]) -> list[Act[F]]:
    """Give those acts on the floor that name one of these epochs."""
    return [act for act in acts if act.body.epoch in epochs]
