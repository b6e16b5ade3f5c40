"""Whose word on others counts: rank by rank, from the host down.

What is valid at a rank depends only on what members of higher rank did, so one pass over the ranks
decides everything: there is nothing to vote on, and nobody of equal rank can undo another. An act
on a person counts only if that person's rank is lower than the author's. A grant is none, for who
has taken one may rise and keep it: see ``grants``.

A *tenure* is one appointment: a ``Rank`` operation that counts. Acts refer to the tenure they use
(``auth``). A tenure ends when a senior replaces it or removes the member; then the member's acts
count up to the cut that the senior names, by hash and not by number, so nothing can be added below
it afterwards.

Who gives its own rank to another ends its own tenure with that operation, so one rank never becomes
two: of several only the first in its author's chain counts, of a fork none. It is ended by a fork
too: else who was removed by an equal of old would take its rank back, and the removal with it.

By its own word or a fork an author must not take back an epoch on which others have built: a grant
of a senior would fall with it, and its mute. So an epoch counts all the same if a grant or mute
that counts names it, by another of its author's rank or a higher one. A senior's cut is exact.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

from crypto.ids import MemberId, OpId
from p2p.room.ops.chain import Cut, chain_of, without_fork
from p2p.room.ops.ids import NONE
from p2p.room.ops.kinds import Body, Down, Epoch, Grant, Let, Mute, Rank, Remove
from p2p.room.ops.op import Op
from p2p.room.ops.powers import HOST, NOBODY, hands_on
from p2p.room.ops.registers import Registers
from p2p.room.state.invites import Lineage

_ON_PERSONS: Final = (Mute, Down, Let)
_NOTHING = Cut(frozenset(), frozenset())


B = TypeVar("B", bound=Body, covariant=True)


@dataclass(frozen=True, slots=True)
class Act(Generic[B]):
    """An operation that counts, what it says, and the rank under which its author wrote it."""

    op: Op
    rank: int
    body: B


@dataclass(frozen=True, slots=True)
class Removal:
    """Who removed a member, which join it was known by (zeros for none), and all that say so."""

    by: MemberId
    join: OpId
    ops: tuple[OpId, ...]


@dataclass(frozen=True, slots=True)
class Tenure:
    """An appointment: its operation (zeros: the host by the genesis), member and rank."""

    id: OpId
    member: MemberId
    rank: int


class Authority:
    """Evaluates powers. Acts on the set as a whole; equal sets give equal results.

    Attributes:
        removals: Whom somebody with the power to do so has removed.
    """

    def __init__(self, registers: Registers, lineage: Lineage) -> None:
        self.removals: dict[MemberId, Removal] = {}
        self._registers = registers
        self._lineage = lineage
        self._acts: dict[type[Body], list[Any]] = defaultdict(list)
        self._by_auth: dict[OpId, list[Op]] = defaultdict(list)
        for op in sorted(registers.powers, key=lambda op: op.id):
            self._by_auth[op.body.auth].append(op)
        self._cuts: dict[OpId, list[Cut]] = defaultdict(list)
        self._own_cuts: dict[OpId, list[Cut]] = defaultdict(list)
        self._outs: dict[MemberId, list[Cut]] = defaultdict(list)
        self._ended: set[OpId] = set()
        self._tenures: dict[MemberId, list[Tenure]] = defaultdict(list)
        self._enders: dict[MemberId, MemberId] = {}
        strata: list[list[Tenure]] = [[] for _ in range(NOBODY)]
        self._strata = strata
        self._appoint(Tenure(NONE, registers.host, HOST))
        for stratum in strata:
            self._decide(stratum)
        self._restore([tenure for stratum in strata for tenure in stratum])

    def acts(self, kind: type[B]) -> list[Act[B]]:
        """Give the operations of a kind that count."""
        return self._acts.get(kind, [])

    def appointed(self) -> list[MemberId]:
        """Everybody who holds a rank or held one, by id."""
        return sorted(self._tenures)

    def tenures(self, member: MemberId) -> list[Tenure]:
        """Give the appointments by which a member holds a rank now, the highest first."""
        if member in self.removals:
            return []
        live = [one for one in self._tenures.get(member, ()) if one.id not in self._ended]
        return sorted(live, key=lambda one: (one.rank, one.id))

    def rank_of(self, member: MemberId) -> int:
        """Give a member's rank, 4 for everybody else. Of use below the ranks already decided."""
        if member not in self._tenures:
            return NOBODY
        return min((one.rank for one in self.tenures(member)), default=NOBODY)

    def ranked_by(self, member: MemberId) -> MemberId | None:
        """Say who gave a member its rank, or took it away, if that was another."""
        tenures = self.tenures(member)
        if not tenures:
            by = self._enders.get(member)
        else:
            given = self._registers.ranks.get(tenures[0].id)
            by = given.author if given else None
        return by if by != member else None

    def _appoint(self, tenure: Tenure) -> None:
        self._tenures[tenure.member].append(tenure)
        self._strata[tenure.rank].append(tenure)

    def _decide(self, stratum: list[Tenure]) -> None:
        """Take in what the members of one rank did, those of higher rank being done."""
        for tenure in stratum:  # it grows: the rank of one who hands it on is its successor's
            self._resign(tenure)
            self._hand_on(tenure)
        counted = [(tenure, op) for tenure in stratum for op in self._counted(tenure)]
        counted.sort(key=lambda pair: pair[1].id)
        for tenure, op in counted:
            body = op.body
            if isinstance(body, Remove):
                self._remove(tenure, op, body)
            elif isinstance(body, Rank):
                self._rank(tenure, op, body)
            elif not isinstance(body, _ON_PERSONS) or self._may_touch(tenure, body.member):
                self._acts[type(body)].append(Act(op, tenure.rank, body))

    def _counted(self, tenure: Tenure) -> list[Op]:
        return without_fork(self._claimed(tenure))

    def _claimed(self, tenure: Tenure) -> list[Op]:
        """What a member did under a tenure until the end of it, in however many histories."""
        return _before(self._own_cuts.get(tenure.id, ()), self._uncut(tenure))

    def _uncut(self, tenure: Tenure) -> list[Op]:
        """What the cuts of seniors leave of a tenure."""
        cuts = (*self._cuts.get(tenure.id, ()), *self._outs.get(tenure.member, ()))
        return _before(cuts, self._by_auth.get(tenure.id, []))

    def _restore(self, tenures: list[Tenure]) -> None:
        """Let epochs count that only their author's own word would end, and that others named."""
        named: dict[OpId, list[Act[Grant] | Act[Mute]]] = defaultdict(list)
        for grant in self.acts(Grant):
            named[grant.body.epoch].append(grant)
        for mute in self.acts(Mute):
            named[mute.body.epoch].append(mute)
        counted = {act.op.id for act in self.acts(Epoch)}
        for tenure in tenures:
            for op in self._uncut(tenure):
                by = (act for act in named.get(op.id, ()) if act.op.author != op.author)
                if op.id not in counted and any(act.rank <= tenure.rank for act in by):
                    self._acts[Epoch].append(Act(op, tenure.rank, op.body))

    def _may_touch(self, tenure: Tenure, member: MemberId) -> bool:
        return member == tenure.member or self.rank_of(member) > tenure.rank

    def _resign(self, tenure: Tenure) -> None:
        """Let a member give up its own rank: what it did before stands."""
        for op in self._counted(tenure):
            body = op.body
            if isinstance(body, Rank) and body.member == tenure.member:
                chain = chain_of(op.author, op.id, self._registers.links)
                self._end(tenure, body, Cut(chain, frozenset(body.keeps)))

    def _hand_on(self, tenure: Tenure) -> None:
        """Let a member give its rank to another: it has none from there on."""
        for op in self._claimed(tenure):
            body = op.body
            if isinstance(body, Rank) and hands_on(op, tenure.rank):
                chain = chain_of(op.author, op.id, self._registers.links)
                self._ended.add(tenure.id)
                self._enders[tenure.member] = tenure.member
                self._own_cuts[tenure.id].append(Cut(chain, frozenset(body.keeps)))
        for op in self._counted(tenure):
            body = op.body
            if isinstance(body, Rank) and hands_on(op, tenure.rank):
                self._appoint(Tenure(op.id, body.member, body.rank))

    def _rank(self, tenure: Tenure, op: Op, body: Rank) -> None:
        """Take in an appointment. One of somebody who is senior by now adds nothing to its rank.

        It still counts, for what its holder did under it before it rose must not fall with it.
        """
        if body.member != tenure.member and self.rank_of(body.member) > tenure.rank:
            chain = chain_of(body.member, body.cut, self._registers.links)
            self._end(tenure, body, Cut(chain, frozenset(body.keeps)))
        self._acts[Rank].append(Act(op, tenure.rank, body))
        if tenure.rank < body.rank < NOBODY:
            self._appoint(Tenure(op.id, body.member, body.rank))

    def _end(self, by: Tenure, body: Rank, cut: Cut) -> None:
        """End the appointments that an operation is over, if they are its author's to end."""
        for old in body.over:
            given = self._registers.ranks.get(old)
            about = given.body if given else None
            if not isinstance(about, Rank) or about.member != body.member:
                continue
            if about.rank > by.rank or body.member == by.member:
                self._ended.add(old)
                self._enders[body.member] = by.member
                cuts = self._own_cuts if body.member == by.member else self._cuts
                cuts[old].append(cut)

    def _remove(self, tenure: Tenure, op: Op, body: Remove) -> None:
        if body.member == tenure.member or self.rank_of(body.member) <= tenure.rank:
            return
        self._acts[Remove].append(Act(op, tenure.rank, body))
        chain = chain_of(body.member, body.cut, self._registers.links)
        self._outs[body.member].append(Cut(chain, frozenset(body.keeps)))
        self._note_removal(body.member, op, body.join)
        for member in self._lineage.branch_of(body.member) if body.branch else ():
            if self.rank_of(member) > tenure.rank:
                self._outs[member].append(_NOTHING)
                self._note_removal(member, op, NONE)

    def _note_removal(self, member: MemberId, op: Op, join: OpId) -> None:
        first = self.removals.get(member, Removal(op.author, join, ()))
        self.removals[member] = replace(first, ops=(*first.ops, op.id))


def _before(cuts: Collection[Cut], ops: list[Op]) -> list[Op]:
    return [op for op in ops if all(cut.lets(op) for cut in cuts)] if cuts else ops
