"""Whose name can be mistaken for whose, of those who can be reached and of those who can not.

A person whose program died comes back with other keys and the same name, beside an entry of
itself. That is no alarm: the old one says nothing. It is no proof either.
"""

from collections.abc import Iterable, Set

from crypto.ids import MemberId
from p2p.room.state.member import Member
from p2p.room.state.member_map import MemberMap
from p2p.room.text.confusable import Lookalikes


class Likenesses:
    """Kept up from look to look, by what has changed."""

    def __init__(self) -> None:
        self._alike = Lookalikes()
        self._named: dict[MemberId, tuple[int, str]] = {}
        self._here: Set[MemberId] = frozenset()

    def look(
        self, changed: Iterable[MemberId], members: MemberMap, here: Set[MemberId]
    ) -> set[MemberId]:
        """Take in who has changed.

        Args:
            changed: Those who came, went, can be reached or no more, have another name or rank.
            members: All of the room.
            here: Who can be reached.

        Returns:
            Those whose likenesses may be others than before.
        """
        self._here = here
        others: set[MemberId] = set()
        for one in changed:
            member = members.get(one)
            is_here = member is not None and member.is_here and one in here
            now = (member.rank, str(member.name)) if member is not None and is_here else None
            before = self._named.get(one)
            if now == before:
                continue
            if before is not None:
                del self._named[one]
                others.update(self._alike.go(before[0], one, before[1]))
            if now is not None:
                self._named[one] = now
                others.update(self._alike.come(now[0], one, now[1]))
        return others

    def imitates(self, member: MemberId) -> MemberId | None:
        """Give the most senior other one here of such a name; None if the member is not here."""
        named = self._named.get(member)
        return None if named is None else self._alike.imitated(named[0], member, named[1])

    def namesake(self, member: Member) -> MemberId | None:
        """Give one of such a name that can not be reached, of a member that is here."""
        other = member.imitates
        is_away = other is not None and other not in self._here
        return other if is_away and member.id in self._named else None
