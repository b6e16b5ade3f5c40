"""Who belongs to the room, told by what has changed since the last look."""

from crypto.ids import MemberId
from p2p.room.state.member_map import MemberMap


class RosterWatch:
    """Remembers whom it has told of."""

    def __init__(self) -> None:
        self._told = MemberMap()

    def look(self, members: MemberMap) -> tuple[set[MemberId], set[MemberId]]:
        """Compare with the last look; what it takes depends on the changes alone.

        Args:
            members: All of the room, those that left or were removed included.

        Returns:
            Of those of whom anything has changed, who belongs to the room and who does not.
        """
        before, self._told = self._told, members
        changed = set(members.unlike(before))
        here = {one for one in changed if one in members and members[one].is_here}
        return here, changed - here
