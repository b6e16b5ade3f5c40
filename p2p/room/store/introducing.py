"""What a newcomer has to see first, to know who lets it in and that it is in by that.

Its door may send the first page alone, and what a page leaves out may turn what it shows around: a
room that was locked and opened again is locked to whom nobody shows the second. So this comes
before all else, for the members that matter and all others whom it hangs on, up to the host:
admissions, appointments, whether the room is shut, and by what each came into a shut one.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

from crypto.ids import MemberId, OpId
from p2p.room.ops.ids import NONE
from p2p.room.ops.kinds import Entry, Let, Lock, Roster
from p2p.room.ops.op import Op
from p2p.room.ops.registers import age
from p2p.room.state.model import RoomState
from p2p.room.store.pruning import turn


def shown_first(
    ops: Collection[Op],
    state: RoomState,
    arrival: Callable[[Op], MemberId | None],
    members: Iterable[MemberId],
) -> Sequence[Op]:
    """Choose the operations that show of members that they are in, and which powers they have.

    Args:
        ops: All that count, each behind what it hangs on.
        state: What they mean.
        arrival: Whose join an operation is or carries.
        members: Door and newcomer, and others of whose powers something hangs.

    Returns:
        In an order in which each can be checked when its turn comes.
    """
    about = _About(ops, state, arrival)
    first = about.settings()
    waiting = [state.host, *members, *(op.author for op in first)]
    seen: set[MemberId] = set()
    while waiting:
        member = waiting.pop()
        if member not in seen:
            seen.add(member)
            found = about.member(member)
            first += found
            waiting += [op.author for op in found]
    chosen = {op.id for op in first}
    return sorted((op for op in ops if op.id in chosen), key=turn)


class _About:
    """The operations by what they are about."""

    def __init__(
        self, ops: Collection[Op], state: RoomState, arrival: Callable[[Op], MemberId | None]
    ) -> None:
        self._state = state
        self._by_id = {op.id: op for op in ops}
        self._came: dict[MemberId, dict[MemberId, Op]] = defaultdict(dict)
        self._let: dict[MemberId, dict[MemberId, Op]] = defaultdict(dict)
        self._roster: dict[MemberId, Op] = {}
        for op in ops:
            if (member := arrival(op)) is not None:
                self._came[member].setdefault(op.author, op)
            elif isinstance(op.body, Let):
                said = self._let[op.body.member]
                said[op.author] = max(said.get(op.author, op), op, key=age)
            elif isinstance(op.body, Roster) and self._counts(op.author):
                for member in op.body.members:
                    self._roster.setdefault(member, op)

    def settings(self) -> list[Op]:
        """Whether the room is shut, and to whom."""
        heads = [one for kind in (Lock, Entry) for one in self._state.over.get(kind, ())]
        return self._known(heads)

    def member(self, member: MemberId) -> list[Op]:
        """By what a member is in, and its power."""
        known, came = self._state.members.get(member), self._came.get(member, {})
        doors = [came[one] for one in (() if known is None else known.doors) if one in came]
        found = (doors or [*came.values()])[:1]
        found += self._let.get(member, {}).values()
        if member in self._roster:
            found.append(self._roster[member])
        if known is not None:
            found += self._known([known.auth, known.invite])
        return found

    def _counts(self, author: MemberId) -> bool:
        known = self._state.members.get(author)
        return known is not None and known.moderates

    def _known(self, ids: Iterable[OpId]) -> list[Op]:
        return [self._by_id[one] for one in ids if one != NONE and one in self._by_id]
