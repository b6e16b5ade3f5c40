"""Whom the admissions of a set let in, as far as is known before anybody looks what they mean."""

from collections.abc import Set

from crypto.ids import MemberId


class Arrivals:
    """Members that are remembered, and newcomers of whom it is not sure yet.

    Attributes:
        known: Both, the gone included.
    """

    def __init__(self) -> None:
        self.known: set[MemberId] = set()
        self._unsure: set[MemberId] = set()

    def add(self, member: MemberId) -> None:
        """An admission of somebody has come in."""
        self.known.add(member)
        self._unsure.add(member)

    def look(self, members: Set[MemberId]) -> None:
        """Take in who is a member, by what has come in since the whole set was read."""
        found = self._unsure & members
        self._unsure -= found
        self.known |= found
        self.known -= self._unsure

    def whole(self, members: Set[MemberId]) -> None:
        """Take in who is a member, by the whole set."""
        self._unsure = (self._unsure | self.known) - members
        self.known = set(members)

    def clear(self) -> None:
        """Forget all: what is kept of the set comes in again."""
        self.known.clear()
        self._unsure.clear()
