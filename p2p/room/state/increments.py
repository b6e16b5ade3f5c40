"""Who is a member, as admissions and acts of moderators come in one by one.

Taken in are those that move nobody but a few: an admission of somebody that is no door; an
appointment, for it only brings nearer to the host; the removal of somebody on whom nobody hangs; a
yes or no to somebody outside; a door that is shut or opened while nobody's place depends on it.
With all else, and where it is not sure, it says no: then ``admitted`` works out everybody's place.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Set
from typing import Final

from crypto.ids import MemberId
from p2p.room.ops.kinds import Join, Rank, Roster, Uninvite
from p2p.room.ops.op import Op
from p2p.room.ops.registers import Registers
from p2p.room.state.admitted import Admitted, Claim, removed, taken_back, vouchers
from p2p.room.state.authority import Authority
from p2p.room.state.invites import Lineage
from p2p.room.state.room_settings import Settings
from p2p.room.state.search_order import Door, SearchOrder
from p2p.room.state.ways_in import ENOUGH

CLAIMS_MAX: Final = 256
"""Admissions that count for nobody, but might if more were known: those of the lowest ids."""


class Increments:
    """Keeps up who is a member.

    Args:
        registers: The set, in which what is new is already.
        lineage: Who came by whose invite.
        authority: Whose word counted so far.
        settings: Whether the room was shut so far.
        admitted: Who is a member by these; changed in place.
    """

    def __init__(
        self,
        registers: Registers,
        lineage: Lineage,
        authority: Authority,
        settings: Settings,
        admitted: Admitted,
    ) -> None:
        self._registers = registers
        self._lineage = lineage
        self._authority = authority
        self._settings = settings
        self._admitted = admitted
        doors = Counter(claim.member for claim in admitted.claims)
        self._is_crowded = any(count > ENOUGH for count in doors.values())
        self._depends_on_invites = settings.hangs_on_invites and not self._are_settled(doors)
        self._idle = sum(map(len, registers.admits.values())) - len(admitted.claims)
        self._order = self._order_of(admitted.claims)
        self._moved: set[MemberId] = set()

    def _order_of(self, counting: Iterable[Claim]) -> SearchOrder:
        firsts: dict[MemberId, Door] = {}
        for claim in counting:
            firsts.setdefault(claim.member, (claim.door, claim.id))
        vouched = self._admitted.vouched
        order = SearchOrder(self._registers.host, vouched)
        for member, first in firsts.items():  # each behind its door
            if member not in vouched:
                order.add(member, [first])
        return order

    def takes_idly(self, door: MemberId, join: Op) -> bool:
        """Tell whether a new admission would count for nobody, and is one too many to be noted."""
        if self._idle < CLAIMS_MAX:
            return False
        may_come = not self._settings.is_shut or self._is_settled(join.author)
        if self._settings.hangs_on_invites and isinstance(join.body, Join):
            may_come = may_come or self._lineage.proven_by(join, join.body) is not None
        return not (may_come and self._is_live(door))

    def admit(self, admit: Op, member: MemberId) -> Set[MemberId] | None:
        """Take in one more admission.

        Args:
            admit: By whom it was not let in before.
            member: Whom it lets in.

        Returns:
            Whose place or doors have changed; None if only the whole set can tell who is in.
        """
        self._moved = set()
        if self._depends_on_invites or not self._place(member):
            return None
        if member not in self._admitted.known or not self._is_live(admit.author):
            self._idle += 1
        return self._moved if self._idle <= CLAIMS_MAX else None

    def judge(self, authority: Authority, settings: Settings) -> Set[MemberId] | None:
        """Take in whose word counts now, and whether the room is shut; gives the same."""
        before, self._authority = self._authority, authority
        old, self._settings = self._settings, settings
        self._moved = {one for one, _ in before.removals.items() ^ authority.removals.items()}
        fresh = authority.removals.keys() - before.removals.keys()
        newly = self._vouch(before, fresh)
        answered = {one for one, _ in old.let.items() ^ settings.let.items()}
        shut = (old.locked, old.entry) != (settings.locked, settings.entry)
        back = self._take_back(before)
        if before.removals.keys() - authority.removals.keys() or newly is None:
            return None
        if self._depends_on_invites and (self._moved or newly or answered or shut or back):
            return None
        if shut and not self._are_settled(self._registers.admits):
            return None
        if back and settings.hangs_on_invites:
            return None
        for all_of, some in ((self._out, fresh), (self._rise, newly), (self._answer, answered)):
            if not all_of(some):
                return None
        self._admitted.removed = removed(authority, self._admitted.known)
        return self._moved

    def _vouch(self, before: Authority, fresh: Set[MemberId]) -> set[MemberId] | None:
        """Take in who vouches for whom; gives for whom nobody did; None if one is lost."""
        now, found = self._authority, self._admitted
        same = all(before.acts(kind) == now.acts(kind) for kind in (Rank, Roster))
        if same and not any(act.op.author in fresh for act in now.acts(Roster)):
            return set()
        was, was_by = found.vouched, found.vouched_by
        found.vouched, found.vouched_by = vouchers(now, self._registers.host)
        self._moved |= {one for one, _ in was_by.items() ^ found.vouched_by.items()}
        return {*found.vouched - was} if was <= found.vouched else None

    def _take_back(self, before: Authority) -> bool:
        """Take in which invites were taken back; tells whether others were before."""
        if not (before.acts(Uninvite) or self._authority.acts(Uninvite)):
            return False
        was = self._admitted.taken_back
        self._admitted.taken_back = taken_back(self._registers, self._authority)
        return was != self._admitted.taken_back

    def _out(self, members: Iterable[MemberId]) -> bool:
        """Take out those who were removed; False if others go, or stand elsewhere, by that."""
        return all(
            self._spoil(one) and self._leave_out(one)
            for one in members
            if one in self._admitted.known
        )

    def _spoil(self, member: MemberId) -> bool:
        """Let nobody in any more by the invite by which a removed member came."""
        joins = self._admitted.joins[member]
        invites = {invite.id for join in joins if (invite := self._lineage.invite_of(join.id))}
        if invites and len(joins) > 1:
            return False
        self._admitted.spoiled |= invites
        return True

    def _leave_out(self, door: MemberId) -> bool:
        """Strike a removed member from the doors of others; False if one stands by it."""
        found = self._admitted
        newcomers = [one for one in self._registers.let_in_by(door) if one in found.known]
        if newcomers and self._is_crowded:
            return False
        for one in newcomers:
            is_vouched = one in found.vouched
            if len(found.joins[one]) > 1 or (not is_vouched and self._order.hangs_on(one, door)):
                return False
            found.doors[one] = [other for other in found.doors.get(one, ()) if other != door]
            self._moved.add(one)
            self._idle += not is_vouched
        return self._idle <= CLAIMS_MAX

    def _rise(self, members: Collection[MemberId]) -> bool:
        """Take in that some are vouched for; False if not only they and their doors move."""
        found = self._admitted
        there = {one for one in members if one in self._registers.admits}
        if self._is_crowded and there:
            return False
        others = self._order.rise(members, self._newcomers, self._doors)
        for one in others - there:
            doors = self._shown(door for door, _ in self._order.sort(self._doors(one)))
            if doors != found.doors[one]:
                found.doors[one] = doors
                self._moved.add(one)
        return all(map(self._place, there))

    def _answer(self, members: Iterable[MemberId]) -> bool:
        """Take in a yes or no of moderators to some."""
        found = self._admitted
        if not self._settings.is_shut:
            return True
        return all(
            self._place(one)
            for one in members
            if one not in found.vouched and one in self._registers.admits
        )

    def _place(self, member: MemberId) -> bool:
        """Say anew by which doors somebody is in; False if others may be in or out by that."""
        found = self._admitted
        admits = [
            (admit, join)
            for admit, join in self._registers.admits[member]
            if admit.author in self._registers.introduced
        ]
        joins = {join.id: join for _, join in admits}
        if len(admits) > ENOUGH or len(joins) != 1:
            return False
        is_new, is_vouched = member not in found.known, member in found.vouched
        if not is_vouched and self._registers.let_in_by(member):
            return False
        (join,) = joins.values()
        if self._settings.hangs_on_invites and not self._is_settled(member):
            return is_new and self._lineage.invite_of(join.id) is None
        may_come = is_vouched or self._is_settled(member) or not self._settings.is_shut
        counting = [admit for admit, _ in admits if is_vouched or self._is_live(admit.author)]
        if not (counting and may_come):
            return is_new
        if is_new and not self._brings_nobody(member):
            return False
        self._moved.add(member)
        found.known.add(member)
        found.joins[member] = (join,)
        doors = [(admit.author, admit.id) for admit in counting if self._is_live(admit.author)]
        found.doors[member] = self._shown(self._order.add(member, doors))
        if member not in self._authority.removals:
            return True
        found.removed |= {member}
        return self._spoil(member)

    def _brings_nobody(self, member: MemberId) -> bool:
        """Tell whether nobody waits for somebody to be in."""
        invites = self._settings.hangs_on_invites and self._registers.read("invite", member)
        return not (self._registers.let_in_by(member) or invites)

    def _newcomers(self, door: MemberId) -> list[MemberId]:
        if not self._is_live(door):
            return []
        known = self._admitted.known
        return [one for one in self._registers.let_in_by(door) if one in known]

    def _doors(self, member: MemberId) -> list[Door]:
        admits = self._registers.admits[member]
        return [(admit.author, admit.id) for admit, _ in admits if self._is_live(admit.author)]

    def _shown(self, doors: Iterable[MemberId]) -> list[MemberId]:
        return [door for door in doors if door in self._admitted.known]

    def _is_live(self, member: MemberId) -> bool:
        """Tell whether whom somebody lets in counts: the host's word does before its join came."""
        is_known = member == self._registers.host or member in self._admitted.known
        return is_known and member not in self._authority.removals

    def _is_settled(self, member: MemberId) -> bool:
        """Tell whether somebody stays in whether the room is open or not."""
        return member in self._admitted.vouched or self._settings.let.get(member, False)

    def _are_settled(self, members: Iterable[MemberId]) -> bool:
        return all(map(self._is_settled, members))
