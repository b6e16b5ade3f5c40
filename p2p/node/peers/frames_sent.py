"""How many of our frames went to whom: of thousands whom a relay reaches not each at each frame."""

from collections import Counter
from collections.abc import Set

from crypto.ids import MemberId


class FramesSent:
    """Counts of one run."""

    def __init__(self) -> None:
        self._counts: Counter[MemberId] = Counter()
        self._present: frozenset[MemberId] = frozenset()
        self._direct: Set[MemberId] = frozenset()
        self._relayed = 0

    def to(self, member: MemberId) -> None:
        """A frame went over a member's link."""
        self._counts[member] += 1

    def by_relay(self, present: frozenset[MemberId], direct: Set[MemberId]) -> None:
        """A frame went through a relay.

        Args:
            present: Whom it reaches; the same object while it is the same members.
            direct: Those of them that got it over a link.
        """
        if present is not self._present or direct != self._direct:
            self._settle()
            self._present, self._direct = present, frozenset(direct)
        self._relayed += 1

    def count(self, member: MemberId) -> int:
        """Give how many went to a member."""
        self._settle()
        return self._counts[member]

    def _settle(self) -> None:
        frames, self._relayed = self._relayed, 0
        if frames:
            self._counts.update(dict.fromkeys(self._present - self._direct, frames))
