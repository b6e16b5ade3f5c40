"""Who came in although the room was shut.

A room is shut at its doors (``entry.refusal``), but a member may keep a door that does not. So the
moderators' programs remove whom a join brings into a room that has been shut for a while. What
arrives soon after the shutting is let be: it may have been let in just before, and whoever comes
back after a time hears of the shutting and of the joins before it in any order.
"""

from p2p.room.ops.ids import MemberId, OpId
from p2p.room.ops.kinds import Entry, Lock
from p2p.room.ops.powers import NOBODY
from p2p.room.state.model import RoomState

GRACE_S = 10.0
DELAY_S = 2.0
TURN_S = 1.0


class Gate:
    """Remembers newcomers that we, as a moderator, have doubts about."""

    def __init__(self, now: float) -> None:
        self._shut: tuple[OpId, ...] = ()
        self._since = now
        self._doubtful: dict[MemberId, float] = {}
        self._rank = NOBODY

    def observe(self, state: RoomState, rank: int, now: float) -> None:
        """Take note of a new state and of our own rank in it, 4 for none."""
        self._rank = rank
        shut = (*state.over.get(Lock, ()), *state.over.get(Entry, ()))
        if shut != self._shut:
            self._shut, self._since = shut, now
            self._doubtful.clear()
        self._doubtful = {
            member: at for member, at in self._doubtful.items() if _has_no_right(member, state)
        }

    def came(self, member: MemberId, state: RoomState, now: float) -> None:
        """A join of somebody new has come; ``state`` is that before."""
        shut = state.locked or state.entry != "open"
        if shut and now >= self._since + GRACE_S and member not in state.members:
            self._doubtful[member] = now

    def next_due(self) -> float | None:
        """When ``to_remove`` will have somebody; None for never."""
        if self._rank >= NOBODY:
            return None
        return min((self._at(came) for came in self._doubtful.values()), default=None)

    def _at(self, came: float) -> float:
        return came + DELAY_S + self._rank * TURN_S

    def to_remove(self, now: float) -> list[MemberId]:
        """Give those to be removed now; each once."""
        if self._rank >= NOBODY:
            return []
        over = [member for member, came in self._doubtful.items() if self._at(came) <= now]
        for member in over:
            del self._doubtful[member]
        return over


def _has_no_right(target: MemberId, state: RoomState) -> bool:
    """Tell whether a newcomer should not have been let in, by what is known now."""
    member = state.members.get(target)
    if member is None or not member.is_here or member.rank < NOBODY:
        return False
    if state.let.get(target, False):
        return False
    if state.locked or state.entry == "open":
        return state.locked
    invite = state.invites.get(member.invite)
    return member.invited_by is None or (invite is not None and 0 < invite.uses < invite.used)
