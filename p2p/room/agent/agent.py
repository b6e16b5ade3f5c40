"""What our program does by itself, so that a room with nobody at the keys goes on."""

from collections.abc import Collection

from crypto.ids import MemberId
from p2p.room.agent.deadlines import Deadlines
from p2p.room.agent.intents import Writing, down
from p2p.room.agent.reissue import Reissue
from p2p.room.agent.vouching import Vouching, rosters
from p2p.room.ops import kinds
from p2p.room.state.model import RoomState


class Duties:
    """Invitations that lapse, hands to be named, members that fell out, lost acts to repeat.

    Attributes:
        deadlines: What is pending, and since when.
        vouching: Members that are out though nobody wanted it.
        reissue: Our own acts that a change of epochs may lose.
    """

    def __init__(self, me: MemberId) -> None:
        self.deadlines = Deadlines(me)
        self.vouching = Vouching()
        self.reissue = Reissue(me)
        self._me = me
        self._present: frozenset[MemberId] | None = None
        self._state: RoomState | None = None
        self._lost: list[Writing] = []

    def observe(self, state: RoomState, now: float) -> None:
        """Take note of a new state. ``now`` is monotonic, in seconds."""
        if self._me not in state.members:  # not in yet, or no more
            self._state = None
            return
        turn = self._turn(state)
        self.deadlines.observe(state, turn, now)
        self.vouching.observe(self._state, state, turn, now)
        if self._state is not None and self._state is not state:
            self._lost += self.reissue.lost(self._state, state)
        self._state = state

    def observe_present(self, members: Collection[MemberId], state: RoomState, now: float) -> None:
        """Take note who is in reach, ourselves not counted."""
        self._present = frozenset(members)
        self.observe(state, now)

    def _turn(self, state: RoomState) -> int | None:
        """How many moderators in reach are senior to us; None if we are none."""
        order = [
            member.id
            for member in state.seniors()
            if member.id == self._me or self._present is None or member.id in self._present
        ]
        return order.index(self._me) if self._me in order else None

    def next_due(self, now: float) -> float | None:
        """When ``due`` will have something, monotonic seconds; None for never."""
        if self._state is None:
            return None
        times = [self.deadlines.next_due(), self.vouching.next_due(), now if self._lost else None]
        return min((time for time in times if time is not None), default=None)

    def due(self, state: RoomState, now: float) -> list[Writing]:
        """Give what is to be written now."""
        if self._state is None:
            return []
        me = state.members[self._me]
        writings, self._lost = self._lost, []
        for target in self.deadlines.lapsed(now):
            member = state.members[target]
            if target == self._me:
                writings.append(Writing(kinds.Decline, (member.grant, True)))
            else:
                writings.append(down(me, member, state, lapsed=True))
        base = state.named
        for hands in self.deadlines.to_name(now):
            writings.append(Writing(kinds.Order, (base, hands), me.auth))
            base += len(hands)
        writings += [
            Writing(kinds.Roster, fields, me.auth) for fields in rosters(self.vouching.due(now))
        ]
        return writings
