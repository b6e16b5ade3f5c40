"""The small numbers under which this node's front end knows the members."""

from crypto.ids import MemberId

ME = 1


class MemberNumbers:
    """Gives each member a number, in order of appearance; never the same twice in a run.

    Args:
        me: Our own member id; always number 1.
    """

    def __init__(self, me: MemberId) -> None:
        self._numbers: dict[MemberId, int] = {me: ME}
        self._ids: dict[int, MemberId] = {ME: me}

    def number(self, member: MemberId) -> int:
        """The member's number; it gets the next free one when it is new."""
        known = self._numbers.get(member)
        if known is None:
            known = len(self._numbers) + 1
            self._numbers[member], self._ids[known] = known, member
        return known

    def member(self, number: int) -> MemberId | None:
        """Whose number it is; None if nobody's."""
        return self._ids.get(number)
