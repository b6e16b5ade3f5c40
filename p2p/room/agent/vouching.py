"""For whom a moderator's program vouches, so that nobody falls out of the room by the way.

Whoever is in by a door counts as long as the door does, and as long as the room is as open as it
was. So before we shut the room we say who is in, and before we remove somebody without all that
came by it, who may stay. What others do at the same moment may still shut out somebody whom they
did not know yet. For such a one the most senior moderator that had it in its roster vouches.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crypto.ids import MemberId, OpId
from p2p.room import commands
from p2p.room.agent.branch import branch_of
from p2p.room.ops.kinds import ROSTER_MAX
from p2p.room.state.model import Member, RoomState

DELAY_S = 0.5
TURN_S = 1.0
EVERY_S = 1.0
LOST_MAX = 1024
BRANCH_MAX = 256
"""Of whom a moderator has vouched for, so many at most go with one removal."""


def to_vouch_for(command: commands.Command, state: RoomState) -> list[MemberId]:
    """Tell who would fall by a command of a moderator and is not meant to.

    Args:
        command: What is about to be done.
        state: The room before.
    """
    if commands.shuts_door(command):
        return [one.id for one in state.members.values() if _hangs(one)]
    if (removed := commands.removed_by(command)) is not None:
        target, branch = removed
        return list(_stay(target, state, branch=branch))
    if isinstance(command, commands.Uninvite):
        members = state.members.values()
        return [one.id for one in members if _hangs(one) and one.invite == command.invite]
    return []


def to_remove_too(command: commands.Command, state: RoomState) -> list[MemberId]:
    """Give those who go with somebody who is removed.

    To whom it gave a rank and who never came; and of its branch those for whom a moderator has
    vouched, for they would stay: the rest falls with it.
    """
    removed = commands.removed_by(command)
    if removed is None:
        return []
    target, with_branch = removed
    sleepers = [one for one, by in state.sleepers.items() if by == target]
    branch = branch_of(target, state) if with_branch else []
    return sleepers + [one.id for one in branch if not _hangs(one)][:BRANCH_MAX]


def rosters(members: Iterable[MemberId]) -> list[tuple[tuple[MemberId, ...]]]:
    """Give the fields of ``Roster`` operations for some members."""
    ids = list(members)
    return [(tuple(ids[i : i + ROSTER_MAX]),) for i in range(0, len(ids), ROSTER_MAX)]


def _hangs(member: Member) -> bool:
    """Tell whether a member is in by a door alone; one that left can be the door of others."""
    return member.admitted_by is not None


def _stay(target: MemberId, state: RoomState, *, branch: bool) -> Iterable[MemberId]:
    """Give those who hang on somebody, or on the invite by which it came, and are to stay."""
    out = state.members.get(target)
    goes = {target} | ({one.id for one in branch_of(target, state)} if branch else set())
    for one in state.members.values():
        if one.id in goes:
            continue
        if one.vouched_by == target:
            yield one.id
        if not _hangs(one):
            continue
        siblings = out is not None and any(out.invite) and one.invite == out.invite
        if siblings or (not branch and target in (one.admitted_by, one.invited_by)):
            yield one.id


@dataclass(frozen=True, slots=True)
class _Fallen:
    """Somebody who is out.

    Attributes:
        at_s: Since when, monotonic.
        invite: By which it came; zeros for none.
        line: It, and the members and invites by which it was in.
    """

    at_s: float
    invite: OpId
    line: frozenset[MemberId | OpId]


class Vouching:
    """Remembers who fell out of the room though nobody wanted it."""

    def __init__(self) -> None:
        self._fallen: dict[MemberId, _Fallen] = {}
        self._turn: int | None = None
        self._last_s: float | None = None

    def observe(self, old: RoomState | None, new: RoomState, turn: int | None, now: float) -> None:
        """Take note of a new state.

        Args:
            old: The room before, None if there was none.
            new: The room now.
            turn: How many moderators come before us; None if we are none.
            now: Monotonic seconds.
        """
        self._turn = turn
        if old is not None and old is not new:
            for one in new.members.unlike(old.members):
                member = old.members.get(one)
                if member is None or not old.in_roster(one):
                    continue
                if len(self._fallen) < LOST_MAX and _fell(member, new):
                    fallen = _Fallen(now, member.invite, _line(member, old))
                    self._fallen.setdefault(member.id, fallen)
        self._forget(old, new)

    def _forget(self, old: RoomState | None, new: RoomState) -> None:
        """Leave out who is back, and who hangs on somebody removed, now or before we vouched."""
        removed = new.removed if self._fallen else frozenset()
        spoiled: set[MemberId | OpId] = set(removed)
        for one in removed:
            fallen = self._fallen.get(one)
            member = new.members.get(one) or (old.members.get(one) if old else None)
            spoiled |= {found.invite for found in (fallen, member) if found is not None}
        self._fallen = {
            one: fallen
            for one, fallen in self._fallen.items()
            if _is_out(one, new) and fallen.line.isdisjoint(spoiled)
        }

    def next_due(self) -> float | None:
        """When ``due`` will have somebody; None for never."""
        if self._turn is None or not self._fallen:
            return None
        first_s = min(fallen.at_s for fallen in self._fallen.values())
        at_s = first_s + DELAY_S + self._turn * TURN_S
        return at_s if self._last_s is None else max(at_s, self._last_s + EVERY_S)

    def due(self, now: float) -> list[MemberId]:
        """Give those to vouch for now."""
        at_s = self.next_due()
        if at_s is None or now < at_s:
            return []
        self._last_s = now
        some = sorted(self._fallen)[:ROSTER_MAX]
        for one in some:
            del self._fallen[one]
        return some


def _is_out(member: MemberId, state: RoomState) -> bool:
    """Tell whether a member is still missing, and nobody has turned it away."""
    return (
        member not in state.members and member not in state.removed and state.let.get(member, True)
    )


def _fell(member: Member, new: RoomState) -> bool:
    """Tell whether a member that was in by a door is out."""
    return member.admitted_by is not None and _is_out(member.id, new)


def _line(member: Member, old: RoomState) -> frozenset[MemberId | OpId]:
    """Give the members and invites by which somebody was in, up to whom a moderator vouched for."""
    line: set[MemberId | OpId] = set()
    door: Member | None = member
    while door is not None and door.id not in line:
        line.add(door.id)
        if door.invited_by:
            line |= {door.invited_by, door.invite}
        door = old.members.get(door.admitted_by) if door.admitted_by else None
    return frozenset(line)
