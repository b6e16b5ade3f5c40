"""What a member has to do when time passes, so that no place in the room is a dead end.

An invitation lapses 60 s after it reached the invited member: that member's own node declines it.
Should that node be gone, the host's node takes the invitation back 2 s later. So one answer is
enough, and whichever of the two is left gives it.
"""

from p2p.room.ids import MemberId, OpId
from p2p.room.kinds import HANDS_PER_ORDER, HandRef
from p2p.room.roster import RoomState
from p2p.room.stage import GONE, Stage

INVITATION_S = 60.0
HOST_PATIENCE_S = 2.0
ORDER_DELAY_S = 0.1
"""The host names hands in batches: the first waits this long."""

LATE_S = 5.0
"""A timer this late means that the machine slept; news of the meantime gets as long to come in."""


class Deadlines:
    """Remembers since when what is pending, by our own monotonic clock."""

    def __init__(self, me: MemberId, host: MemberId) -> None:
        self._me = me
        self._is_host = me == host
        self._lapse_at: dict[tuple[MemberId, OpId], float] = {}
        self._raised: dict[MemberId, tuple[OpId, float]] = {}
        self._unnamed: dict[HandRef, None] = {}
        self._order_at: float | None = None

    def observe(self, state: RoomState, now: float) -> None:
        """Take note of a new state. ``now`` is monotonic, in seconds."""
        mine = state.members.get(self._me)
        here = mine is not None and mine.stage not in GONE
        self._observe_hands(state, now, here=here)
        patience_s = INVITATION_S + (HOST_PATIENCE_S if self._is_host else 0)
        pending: dict[tuple[MemberId, OpId], float] = {}
        for member in state.members.values():
            answerable = here and (self._is_host or member.id == self._me)
            if answerable and member.stage is Stage.INVITED and member.grant is not None:
                key = (member.id, member.grant)
                pending[key] = self._lapse_at.get(key, now + patience_s)
        self._lapse_at = pending

    def _observe_hands(self, state: RoomState, now: float, *, here: bool) -> None:
        raised = {member: state.members[member].wish for member in state.queue}
        self._raised = {
            member: self._raised[member]
            if member in self._raised and self._raised[member][0] == wish
            else (wish, now)
            for member, wish in raised.items()
        }
        if not (self._is_host and here):
            self._unnamed, self._order_at = {}, None
            return
        known = [hand for hand in self._unnamed if hand in state.unnamed]
        self._unnamed = dict.fromkeys([*known, *state.unnamed])
        if not self._unnamed:
            self._order_at = None
        elif self._order_at is None:
            self._order_at = now + ORDER_DELAY_S

    def hand_since(self, member: MemberId) -> float | None:
        """Since when (monotonic seconds) we have seen this hand up; None when it is down."""
        raised = self._raised.get(member)
        return raised[1] if raised else None

    def next_due(self) -> float | None:
        """When ``lapsed`` or ``to_name`` will have something; None for never."""
        times = list(self._lapse_at.values())
        if self._order_at is not None:
            times.append(self._order_at)
        return min(times, default=None)

    def lapsed(self, now: float) -> list[MemberId]:
        """Members whose invitation has to be ended now."""
        over: list[MemberId] = []
        for key, at in self._lapse_at.items():
            if now > at + LATE_S:
                self._lapse_at[key] = now + LATE_S
            elif now >= at:
                over.append(key[0])
        return over

    def to_name(self, now: float) -> list[tuple[HandRef, ...]]:
        """Hands to be named now in the order in which they came, cut to the size of one op."""
        if self._order_at is None or now < self._order_at:
            return []
        hands = list(self._unnamed)
        return [
            tuple(hands[i : i + HANDS_PER_ORDER]) for i in range(0, len(hands), HANDS_PER_ORDER)
        ]
