"""What a member has to do when time passes, so that no place in the room is a dead end.

An invitation lapses 60 s after it reached the invited member: that member's own node declines it.
Should that node be gone, the most senior moderator's takes it back 2 s later, and should that one
fail too, the next in rank a second after it. Hands are put into their order in the same way. One
answer is enough; whichever of them is left gives it.
"""

from crypto.ids import MemberId, OpId
from p2p.room.ops.kinds import HANDS_PER_ORDER, HandRef
from p2p.room.stage import Stage
from p2p.room.state.model import RoomState

INVITATION_S = 60.0
PATIENCE_S = 2.0
ORDER_DELAY_S = 0.1
"""Hands are named in batches: the first waits this long."""

TURN_S = 1.0
"""How much longer each moderator waits than the one before it."""

LATE_S = 5.0
"""A timer this late means that the machine slept; news of the meantime gets as long to come in."""


class Deadlines:
    """Remembers since when what is pending, by our own monotonic clock."""

    def __init__(self, me: MemberId) -> None:
        self._me = me
        self._turn: int | None = None
        self._since: dict[tuple[MemberId, OpId], float] = {}
        self._raised: dict[MemberId, tuple[OpId, float]] = {}
        self._queue: tuple[MemberId, ...] = ()
        self._came: dict[HandRef, None] = {}
        self._unnamed: dict[HandRef, None] = {}
        self._unnamed_since: float | None = None

    def observe(self, state: RoomState, turn: int | None, now: float) -> None:
        """Take note of a new state.

        Args:
            state: The room.
            turn: How many moderators come before us; None if we are none.
            now: Monotonic seconds.
        """
        self._turn = turn
        me = state.members[self._me]
        self._observe_hands(state, now)
        self._since = {
            (member, live.id): self._since.get((member, live.id), now)
            for member, live in state.live.items()
            if state.members[member].stage is Stage.INVITED
            and (member == self._me or (turn is not None and state.members[member].rank > me.rank))
        }

    def came(self, hand: HandRef) -> None:
        """A hand was raised. ``observe`` will follow, maybe for many that came at once."""
        self._came[hand] = None

    def _observe_hands(self, state: RoomState, now: float) -> None:
        raised = {member: state.members[member].wish for member in state.queue}
        self._raised = {
            member: self._raised[member]
            if member in self._raised and self._raised[member][0] == wish
            else (wish, now)
            for member, wish in raised.items()
        }
        before = {member: place for place, member in enumerate(self._queue)}
        self._queue = state.queue
        if self._turn is None:
            self._unnamed, self._unnamed_since = {}, None
            self._came.clear()
            return
        known = [hand for hand in self._unnamed if hand in state.unnamed]
        # Should whoever named them have lost that power, hands keep the order they had.
        new = [hand for hand in state.unnamed if hand not in self._unnamed]
        came = {hand: place for place, hand in enumerate(self._came)}
        self._came.clear()
        new.sort(key=lambda hand: (before.get(hand.member, len(before)), came.get(hand, len(came))))
        self._unnamed = dict.fromkeys([*known, *new])
        if not self._unnamed:
            self._unnamed_since = None
        elif self._unnamed_since is None:
            self._unnamed_since = now

    def hand_since(self, member: MemberId) -> float | None:
        """Since when (monotonic seconds) we have seen this hand up; None when it is down."""
        raised = self._raised.get(member)
        return raised[1] if raised else None

    def next_due(self) -> float | None:
        """When ``lapsed`` or ``to_name`` will have something; None for never."""
        times = [since + self._patience_s(key[0]) for key, since in self._since.items()]
        if (order_at := self._order_at()) is not None:
            times.append(order_at)
        return min(times, default=None)

    def _patience_s(self, member: MemberId) -> float:
        if member == self._me or self._turn is None:
            return INVITATION_S
        return INVITATION_S + PATIENCE_S + self._turn * TURN_S

    def _order_at(self) -> float | None:
        if self._unnamed_since is None or self._turn is None:
            return None
        return self._unnamed_since + ORDER_DELAY_S + self._turn * TURN_S

    def lapsed(self, now: float) -> list[MemberId]:
        """Members whose invitation has to be ended now."""
        over: list[MemberId] = []
        for key, since in self._since.items():
            patience_s = self._patience_s(key[0])
            if now > since + patience_s + LATE_S:
                self._since[key] = now + LATE_S - patience_s
            elif now >= since + patience_s:
                over.append(key[0])
        return over

    def to_name(self, now: float) -> list[tuple[HandRef, ...]]:
        """Hands to be named now in the order in which they came, cut to the size of one op."""
        order_at = self._order_at()
        if order_at is None or now < order_at:
            return []
        hands = list(self._unnamed)
        return [
            tuple(hands[i : i + HANDS_PER_ORDER]) for i in range(0, len(hands), HANDS_PER_ORDER)
        ]
