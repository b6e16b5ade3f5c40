"""The roster as it is drawn: a row is made again when its member has changed, and now and then.

Thousands of rows can not be made at each look: a screen looks several times a second, and sound
waits meanwhile. What changes in a row by itself, as a round trip does, may be some seconds old.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from typing import Final

from crypto.ids import MemberId
from p2p.api.view import MemberView
from p2p.node.member_numbers import MemberNumbers
from p2p.room.state.member import Member
from p2p.room.state.member_map import MemberMap

AT_ONCE: Final = 128
"""So many rows of those of whom nothing has changed are made again, in turn."""
EVERY_S: Final = 0.25
"""In a room of more members than that, this often."""


class Rows:
    """See the module.

    Args:
        numbers: By which rows are in order.
    """

    def __init__(self, numbers: MemberNumbers) -> None:
        self._numbers = numbers
        self._members = MemberMap()
        self._here: frozenset[MemberId] = frozenset()
        self._places: Mapping[MemberId, int] = {}
        self._order: list[int] = []
        self._made: dict[int, MemberView] = {}
        self._turn = 0
        self._turned_s = 0.0

    def changed(
        self, members: MemberMap, here: Set[MemberId], places: Mapping[MemberId, int]
    ) -> set[MemberId]:
        """Give of whom something is other than at the last look.

        Args:
            members: All of the room.
            here: Who can be reached.
            places: Of hands that are up.
        """
        changed = set(members.unlike(self._members)) | (here ^ self._here)
        changed |= {one for one, _ in places.items() ^ self._places.items()}
        self._members, self._here, self._places = members, frozenset(here), places
        return changed

    def look(
        self,
        changed: Iterable[MemberId],
        busy: Iterable[MemberId],
        make: Callable[[Member], MemberView],
        now: float,
    ) -> tuple[MemberView, ...]:
        """Give all rows, by number.

        Args:
            changed: From ``changed``, and whoever else looks otherwise than before.
            busy: Those of whom something changes all the time: speakers, neighbours.
            make: Makes a row.
            now: Monotonic seconds.
        """
        for one in {*changed, *busy}:
            number, member = self._numbers.number(one), self._members.get(one)
            if member is None:
                self._drop(number)
            else:
                if number not in self._made:
                    insort(self._order, number)
                self._made[number] = make(member)
        for number in self._due(now):
            known = self._numbers.member(number)
            if known is not None and (member := self._members.get(known)) is not None:
                self._made[number] = make(member)
        return tuple(map(self._made.__getitem__, self._order))

    def _drop(self, number: int) -> None:
        if self._made.pop(number, None) is not None:
            del self._order[bisect_left(self._order, number)]

    def _due(self, now: float) -> Collection[int]:
        many = len(self._order)
        if many <= AT_ONCE:
            return self._order
        if now - self._turned_s < EVERY_S:
            return ()
        self._turned_s = now
        begin, self._turn = self._turn % many, (self._turn + AT_ONCE) % many
        return self._order[begin : begin + AT_ONCE]
