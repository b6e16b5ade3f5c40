"""Coming in again: what we do when the word by which we were in counts no more. Sans-IO.

Our door may have been removed with all that came by it, or the room been locked before anybody who
moderates it had heard of us. Nobody removed us, so another door may let us in; if none does for a
while, we are told that the room is shut.
"""

from collections.abc import Collection

from crypto.ids import MemberId
from p2p.room.room import Room

ASK_EVERY_S = 2.0
GIVE_UP_S = 15.0


class ComingBack:
    """Asks one member after the other.

    Args:
        room: Ours.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._since_s: float | None = None
        self._next_s = 0.0
        self._asked = 0

    def whom_to_ask(self, here: Collection[MemberId], now: float) -> MemberId | None:
        """Name the member that is to be asked now; None for nobody.

        Args:
            here: Members in reach.
            now: Monotonic seconds.
        """
        if self._room.is_in or self._room.is_gone:
            self._since_s = None
            return None
        if self._since_s is None:
            self._since_s = now
        others = sorted(set(here) - {self._room.me})
        if not others or now < self._next_s:
            return None
        self._next_s = now + ASK_EVERY_S
        self._asked += 1
        return others[self._asked % len(others)]

    def why_not(self, now: float) -> str | None:
        """Tell why nobody has let us in again for too long: see ``events.Left``; None if not so."""
        if self._since_s is None or now < self._since_s + GIVE_UP_S:
            return None
        return "locked" if self._room.state.locked else "denied"
