"""What the members agree on, as a pure function of a set of operations."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from crypto.genesis import Genesis
from crypto.identity import member_id
from crypto.ids import MemberId, OpId
from p2p.room.ops.kinds import HOST_SLOT, HandRef, Invite, Order, Take
from p2p.room.ops.op import Op
from p2p.room.stage import Stage
from p2p.room.state.grants import Floor
from p2p.room.state.invites import InviteInfo, describe
from p2p.room.state.member import Member, Role
from p2p.room.state.member_map import MemberMap
from p2p.room.state.members import Painter
from p2p.room.state.model import RoomState
from p2p.room.state.queue import places, queue_of
from p2p.room.state.verdict import Findings
from p2p.room.state.waiting_room import asking

__all__ = ["Findings", "Member", "Picture", "Role", "RoomState", "evaluate", "state_of"]


def evaluate(genesis: Genesis, ops: Iterable[Op]) -> RoomState:
    """Work out the state of a room.

    Pure: the same set gives the same state in whatever order and however often its operations
    come, and so does the part of it that ``pruning.kept`` keeps. An author that signs two
    histories gains nothing: see ``chain.without_fork`` and ``registers``.

    Args:
        genesis: Names the host.
        ops: Operations of this room with verified signatures (see ``opset.OpSet``).

    Returns:
        The state.
    """
    return state_of(Findings(ops, member_id(genesis.sign, genesis.dh), genesis.entry))


def state_of(findings: Findings, *, blind: bool = False) -> RoomState:
    """The other half of an evaluation.

    Args:
        findings: A set whose powers are worked out.
        blind: We see only what relays see: no joins, no wishes.
    """
    return Picture(findings, blind=blind).state


class Picture:
    """The state that follows from findings, and from what these take in later.

    Args:
        findings: A set whose powers are worked out.
        blind: We see only what relays see: no joins, no wishes.

    Attributes:
        findings: These.
        state: What they meant when they were looked at last.
    """

    def __init__(self, findings: Findings, *, blind: bool = False) -> None:
        self.findings = findings
        self._blind = blind
        registers, authority, admitted = findings.registers, findings.authority, findings.admitted
        self._known = set(authority.appointed()) if blind else admitted.known
        self._floor = self._stage()
        self._painter = Painter(findings, self._floor, blind=blind)
        self._painter.meet(self._known)
        members = MemberMap(map(self._painter.of, self._known))
        self._hands: dict[MemberId, tuple[HandRef, OpId]] = {}
        self._used: Counter[OpId] = Counter(member.invite for member in members.values())
        invites = [op for op, _ in registers.all("invite", Invite)]
        state = RoomState(
            host=registers.host,
            members=members,
            removed=frozenset(),
            queue=(),
            unnamed=(),
            slots={},
            locked=False,
            topic="",
            invites=describe(invites, self._used, admitted.revoked, self._is_here),
            by=self._by(members.values()),
        )
        self._revoked = admitted.revoked
        self._note_hands(members.values())
        self.state: RoomState = self._with_queue(self._with_acts(self._with_members(state)))
        findings.news()  # all of it is old

    def look(self) -> RoomState:
        """Take in what the findings have taken in; gives the state now."""
        touched, acted = self.findings.news()
        floor, old = self._floor, self.state
        matters = (floor.about, self.findings.settings.let.keys())
        stirred = acted or not all(map(touched.isdisjoint, matters))
        if stirred:
            self._floor = self._stage()
            self._painter.look(self._floor)
            touched |= self._moved(floor)
        touched |= self._painter.meet(touched & self._known)
        new = [self._painter.of(member) for member in touched & self._known]
        by = {member: mover for member, mover in old.by.items() if member not in touched}
        state = self._with_members(
            replace(
                old,
                members=old.members.but(new),
                invites=self._invites(old, new),
                by=by | self._by(new),
            )
        )
        hands_moved = self._note_hands(new)
        state = self._with_acts(state)
        self.state = self._with_queue(state) if stirred or hands_moved else state
        return self.state

    def _stage(self) -> Floor:
        found, blind = self.findings, self._blind
        present = self._is_not_out if blind else self._is_here
        return Floor(found.registers, found.authority, found.epochs, present, blind=blind)

    def _is_not_out(self, member: MemberId) -> bool:
        return member not in self.findings.admitted.removed

    def _is_here(self, member: MemberId) -> bool:
        left = self.findings.registers.left(member)
        return member in self._known and self._is_not_out(member) and not left

    def _moved(self, before: Floor) -> set[MemberId]:
        """Give those of whom acts of others may say something else than before."""
        now = self._floor
        downs = {member for (member, _), _ in before.downs.items() ^ now.downs.items()}
        ranked = {*self.state.ranked, *self.findings.authority.appointed()}
        return downs | before.live.keys() | now.live.keys() | ranked

    def _note_hands(self, members: Iterable[Member]) -> bool:
        """Take in whose hand is up; tells whether one has moved."""
        moved = False
        for member in members:
            before = self._hands.pop(member.id, None)
            wish = self.findings.registers.wish(member.id)
            if member.stage is Stage.HAND_UP and wish is not None:
                self._hands[member.id] = (HandRef(member.id, wish.seq), wish.id)
            moved |= self._hands.get(member.id) != before
        return moved

    def _with_queue(self, state: RoomState) -> RoomState:
        named = places(self.findings.authority.acts(Order))
        queue, unnamed, base = queue_of(self._hands.values(), named)
        return replace(state, queue=queue, unnamed=unnamed, named=base)

    def _with_members(self, state: RoomState) -> RoomState:
        """Say who is out for ever, and who is vouched for and not here."""
        admitted = self.findings.admitted
        awaited = admitted.vouched - admitted.known - admitted.removed
        return replace(state, removed=admitted.removed, awaited=awaited)

    def _with_acts(self, state: RoomState) -> RoomState:
        """Say how the stage, the settings and the keys are, and who waits outside."""
        found, floor = self.findings, self._floor
        authority, epochs, settings = found.authority, found.epochs, found.settings
        heard = {live.slot: m for m, live in floor.live.items() if not live.mutes}
        if self._is_here(state.host):
            heard[HOST_SLOT] = state.host

        def is_decided(member: MemberId) -> bool:
            seen = member in state.members or member in state.removed
            return seen or member in settings.let

        ask = settings.entry == "ask"
        return replace(
            state,
            slots=dict(sorted(heard.items())),
            locked=settings.locked,
            topic=settings.topic,
            entry=settings.entry,
            profile=settings.profile,
            carriers=settings.carriers,
            carriers_out=settings.carriers_out,
            heads=epochs.heads,
            epochs=epochs.by_id,
            shut_out=epochs.shut_out,
            last_removals=epochs.last_removals,
            asking=asking(found.registers, self._is_here, is_decided) if ask else (),
            let=settings.let,
            sleepers={
                m: authority.ranked_by(m)
                for m in authority.appointed()
                if not is_decided(m) and authority.tenures(m)
            },
            live=floor.live,
            over=settings.over,
            lifted=floor.lifted,
            ranked=tuple(authority.appointed()),
        )

    def _invites(self, old: RoomState, new: Iterable[Member]) -> Mapping[OpId, InviteInfo]:
        """Describe the invites of those who are here: as before, but for those of a few members."""
        found = self.findings
        about: list[Op] = []
        for member in new:
            about += found.registers.read("invite", member.id)
            came_by = found.lineage.invite_of(member.join)
            if came_by is not None and member.id not in old.members:
                self._used[came_by.id] += 1
                about.append(came_by)
        revoked, self._revoked = self._revoked, found.admitted.revoked
        moved = revoked ^ self._revoked
        about += [op for op, _ in found.registers.all("invite", Invite) if moved and op.id in moved]
        if not about:
            return old.invites
        rest = old.invites.keys() - {op.id for op in about}
        now = describe(about, self._used, found.admitted.revoked, self._is_here)
        return {**{one: old.invites[one] for one in rest}, **now}

    def _by(self, members: Iterable[Member]) -> dict[MemberId, MemberId]:
        """Who moved a member to where it is, where it was another."""
        by: dict[MemberId, MemberId] = {}
        for member in members:
            mover = self._mover(member)
            if mover is not None and mover != member.id:
                by[member.id] = mover
        return by

    def _mover(self, member: Member) -> MemberId | None:
        floor, live = self._floor, self._floor.live.get(member.id)
        if member.stage is Stage.REMOVED:
            return self.findings.authority.removals[member.id].by
        if live is not None and member.stage is Stage.MUTED:
            return next((floor.mutes[one] for one in live.mutes if one in floor.mutes), None)
        if live is not None:
            return live.by
        if not member.is_here:
            return None
        wish = self.findings.registers.wish(member.id)
        ended = [member.wish]
        if wish is not None and isinstance(wish.body, Take):
            ended.append(wish.body.grant)
        downs = [floor.down(member.id, one) for one in ended]
        return next((down.by for down in downs if down is not None), None)
