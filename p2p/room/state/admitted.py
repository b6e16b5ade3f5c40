"""Who is a member: nobody by its own word.

A member is *vouched for* by a counting act of a moderator that names it: a ``Rank``, or a
``Roster`` of one that was not removed, for that could name keys which nobody has seen.
Everybody else is in by a *door*, a member that is in itself, was not removed, and has admitted it:

- while the room is open, that is enough;
- while it is shut, a moderator must have said yes to it (``Let``), or, if the room is not locked,
  its join must prove to come by an invite of a member that is in, which was not taken back, by
  which nobody came who was removed, and which has not let in as many as it may.

So all hangs on the host, and the same set of operations gives the same members. What somebody who
was removed has admitted counts for nobody, whenever that was signed.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from crypto.ids import MemberId, OpId
from p2p.room.ops.kinds import Invite, Rank, Remove, Roster, Uninvite
from p2p.room.ops.op import Op
from p2p.room.ops.powers import NOBODY
from p2p.room.ops.registers import Registers, age
from p2p.room.state.authority import Authority
from p2p.room.state.invites import Lineage
from p2p.room.state.room_settings import Settings
from p2p.room.state.ways_in import of_use

_Needs = tuple[MemberId, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A door's word for a newcomer, its join, and the invite that this proves to come by."""

    id: OpId
    door: MemberId
    member: MemberId
    join: Op
    invite: Op | None


class Admitted:
    """Works out the members.

    Args:
        registers: The set.
        authority: Whose word counts.
        lineage: Who came by whose invite.
        settings: Whether the room is shut.

    Attributes:
        vouched: For whom a moderator has vouched, the host included.
        vouched_by: Those of them for whom one moderator alone did, and with whom it falls.
        known: The members, those who left or were removed included.
        doors: By whom each member came in: those not removed, the first from the host first, as far
            as they are of use (see ``ways_in``).
        claims: Those that count, in the order in which the search from the host comes by them.
        joins: The joins of each member that count, the oldest first: two if it has two histories.
        taken_back: Invites taken back.
        spoiled: Invites by which somebody came that was removed.
        removed: Who is out for ever.
    """

    def __init__(
        self, registers: Registers, authority: Authority, lineage: Lineage, settings: Settings
    ) -> None:
        self._registers = registers
        self._settings = settings
        self._removals = authority.removals.keys()
        admits = sorted(
            (
                pair
                for pairs in registers.admits.values()
                for pair in pairs
                if pair[0].author in registers.introduced
            ),
            key=lambda pair: pair[0].id,
        )
        claims = [
            Claim(admit.id, admit.author, join.author, join, lineage.invite_of(join.id))
            for admit, join in admits
        ]
        self.vouched, self.vouched_by = vouchers(authority, registers.host)
        self.taken_back: frozenset[OpId] = taken_back(registers, authority)
        self.spoiled: frozenset[OpId] = frozenset()
        counting = self._counting(claims)
        came = _invites_of(counting)
        self.spoiled = frozenset(came[m] for m in self._removals if m in came)
        if settings.hangs_on_invites:
            counting = self._counting(claims, self._without_place(came))
        self._describe(counting)
        self.claims: list[Claim] = counting
        self.removed: frozenset[MemberId] = removed(authority, self.known)

    @property
    def revoked(self) -> frozenset[OpId]:
        """Invites that let nobody in any more."""
        return self.taken_back | self.spoiled

    def _counting(self, claims: Sequence[Claim], refused: Collection[MemberId] = ()) -> list[Claim]:
        """Follow the doors from the host; gives the claims that count."""
        counting: list[Claim] = []
        waiting: dict[MemberId, list[Claim]] = defaultdict(list)
        live: dict[MemberId, int] = {}
        vouched = self.vouched & {claim.member for claim in claims}
        begin = deque([self._registers.host, *sorted(vouched)])  # whoever else admitted them, too

        def look_at(some: Iterable[Claim]) -> None:
            for claim in some:
                needs = self._needs(claim, refused)
                missing = next((one for one in needs or () if one not in live), None)
                if missing is not None:
                    waiting[missing].append(claim)
                elif needs is not None:
                    counting.append(claim)
                    begin.append(claim.member)

        look_at(claims)
        while begin:
            member = begin.popleft()
            if member not in live and member not in self._removals:
                live[member] = len(live)
                look_at(waiting.pop(member, ()))
        # A member that is vouched for needs no door, so all its admissions came first.
        last = len(live)
        counting.sort(key=lambda c: live.get(c.door, last) if c.member in self.vouched else -1)
        return counting

    def _needs(self, claim: Claim, refused: Collection[MemberId]) -> _Needs | None:
        """Give who must be in for a claim to count; None if it can not."""
        member, settings = claim.member, self._settings
        if member in self.vouched:
            return ()
        if not settings.is_shut or settings.let.get(member, False):
            return (claim.door,)
        invite = claim.invite
        if settings.locked or invite is None or member in refused:
            return None
        revoked = invite.id in self.taken_back or invite.id in self.spoiled
        if revoked and member not in self._removals:
            return None
        return claim.door, invite.author

    def _without_place(self, came: Mapping[MemberId, OpId]) -> set[MemberId]:
        """Give those who came by an invite that had let in as many as it may.

        Those who are vouched for or gone have their places first, for nobody can undo that.
        """
        uses = {op.id: body.uses for op, body in self._registers.all("invite", Invite)}
        queues: dict[OpId, list[tuple[bool, MemberId]]] = defaultdict(list)
        for member, invite in came.items():
            settled = (
                member in self.vouched or member in self._removals or self._registers.left(member)
            )
            queues[invite].append((not settled, member))
        return {
            member
            for invite, queue in queues.items()
            if uses[invite]
            for _, member in sorted(queue)[uses[invite] :]
        }

    def _describe(self, counting: Sequence[Claim]) -> None:
        joins: dict[MemberId, dict[OpId, Op]] = defaultdict(dict)
        for join in self._registers.read("join", self._registers.host):
            joins[join.author][join.id] = join
        for claim in counting:
            joins[claim.member][claim.join.id] = claim.join
        self.joins: dict[MemberId, tuple[Op, ...]] = {
            member: tuple(sorted(some.values(), key=age)) for member, some in joins.items()
        }
        self.known: set[MemberId] = set(self.joins)
        doors: dict[MemberId, list[MemberId]] = defaultdict(list)
        words = [
            (claim.door, claim.member)
            for claim in counting
            if claim.door in self.known and claim.door not in self._removals
        ]
        useful = of_use(words, self._registers.host)
        for (door, member), is_of_use in zip(words, useful, strict=True):
            if is_of_use:
                doors[member].append(door)
        self.doors: dict[MemberId, list[MemberId]] = doors


def vouchers(
    authority: Authority, host: MemberId
) -> tuple[frozenset[MemberId], Mapping[MemberId, MemberId]]:
    """Give for whom somebody vouches, and of those with only one voucher, whom it is.

    Whoever has a rank stands by itself, as the host does.
    """
    by: dict[MemberId, set[MemberId]] = defaultdict(set)
    by[host].add(host)
    for rank in authority.acts(Rank):
        if rank.body.rank < NOBODY:
            by[rank.body.member].add(rank.body.member)
    for roster in authority.acts(Roster):
        if roster.op.author not in authority.removals:
            for member in roster.body.members:
                by[member].add(roster.op.author)
    return frozenset(by), {one: next(iter(some)) for one, some in by.items() if len(some) == 1}


def removed(authority: Authority, known: Collection[MemberId]) -> frozenset[MemberId]:
    """Give who is out for ever: whom a removal names, and who of a branch was in."""
    named = {act.body.member for act in authority.acts(Remove)}
    return frozenset(one for one in authority.removals if one in named or one in known)


def _invites_of(counting: Iterable[Claim]) -> dict[MemberId, OpId]:
    """Give by which invite each came, the first claim that counts deciding."""
    came: dict[MemberId, OpId | None] = {}
    for claim in counting:
        came.setdefault(claim.member, claim.invite.id if claim.invite else None)
    return {member: invite for member, invite in came.items() if invite is not None}


def taken_back(registers: Registers, authority: Authority) -> frozenset[OpId]:
    """Invites taken back: by their maker, or by somebody senior to it."""
    makers = {op.id: op.author for op, _ in registers.all("invite", Invite)}
    words = [(body, NOBODY) for _, body in registers.all("uninvite", Uninvite)]
    words += [(act.body, act.rank) for act in authority.acts(Uninvite)]
    return frozenset(
        body.invite
        for body, rank in words
        if (maker := makers.get(body.invite)) is not None
        and (maker == body.author or authority.rank_of(maker) > rank)
    )
