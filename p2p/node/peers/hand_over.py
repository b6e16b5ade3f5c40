"""Whose copies of our sound a relay makes, because our own line is too narrow for all of them.

With direct links to several members each frame leaves as many times. Where a relay carries the
room as well it takes one copy for all whom it reaches; they hear us by it, a little later.
"""

from collections.abc import Collection

from crypto.ids import MemberId

WORTH = 2
"""Of fewer copies none would be saved."""
FIRST_S = 60.0
LONGEST_S = 600.0


class HandOver:
    """Of one speaker.

    Attributes:
        members: Who hears us by the relay though there is a link.
    """

    def __init__(self) -> None:
        self.members: frozenset[MemberId] = frozenset()
        self._lasts_s = FIRST_S
        self._until_s = 0.0
        self._ended_s = -LONGEST_S

    def follow(self, both: Collection[MemberId], now: float, *, narrow: bool) -> None:
        """Takes in how things are.

        Args:
            both: Members with a link to us that a relay reaches, too.
            now: Monotonic seconds.
            narrow: Whether our line does not carry the room's profile to all.
        """
        if len(both) < WORTH:
            self.members = frozenset()
        elif self.members and now < self._until_s:
            self.members = frozenset(both)
        elif self.members:
            self.members, self._ended_s = frozenset(), now
        elif narrow:
            again = now - self._ended_s < self._lasts_s
            self._lasts_s = min(LONGEST_S, 2.0 * self._lasts_s) if again else FIRST_S
            self.members, self._until_s = frozenset(both), now + self._lasts_s
