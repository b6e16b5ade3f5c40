"""In which order the search from the host comes by members, told of any two without a search.

It goes door by door: first those with whom it begins, then whomever these let in, and so on; of
one door's newcomers the one whose admission has the lowest id first. So two members are compared
by the ways that lead to them.
"""

import functools
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from crypto.ids import MemberId, OpId

Door = tuple[MemberId, OpId]
"""Who let in somebody, with the admission."""


class SearchOrder:
    """The first door of each member, as far as the search has come.

    Args:
        host: With whom the search begins.
        roots: With whom it goes on, in the order of ids.
    """

    def __init__(self, host: MemberId, roots: Iterable[MemberId]) -> None:
        self._host = host
        self._roots = {host, *roots}
        self._level = dict.fromkeys(self._roots, 0)
        self._first: dict[MemberId, Door] = {}

    def hangs_on(self, member: MemberId, door: MemberId) -> bool:
        """Tell whether the search comes by a member at this door."""
        return member not in self._roots and self._first[member][0] == door

    def add(self, member: MemberId, doors: Sequence[Door]) -> list[MemberId]:
        """Put a member in its place that is a root, or nobody's door, or was not here before.

        Args:
            member: Any.
            doors: Who let it in; they are in their places. Of roots there may be none.

        Returns:
            The doors in the order in which the search comes by them.
        """
        order = self.sort(doors)
        if member not in self._roots:
            self._first[member] = order[0]
            self._level[member] = self._level[order[0][0]] + 1
        return [door for door, _ in order]

    def sort(self, doors: Iterable[Door]) -> list[Door]:
        """Give doors in the order in which the search comes by whom they let in."""
        return sorted(doors, key=self._key)

    def rise(
        self,
        members: Collection[MemberId],
        newcomers: Callable[[MemberId], Iterable[MemberId]],
        doors: Callable[[MemberId], Sequence[Door]],
    ) -> set[MemberId]:
        """Make roots of some members.

        Args:
            members: Who.
            newcomers: Gives those in the room whom somebody let in.
            doors: Gives by whom one of these may have come in.

        Returns:
            Of whom a door has another place now.
        """
        self._roots.update(members)
        self._level.update(dict.fromkeys(members, 0))
        risen, touched = set(members), set[MemberId]()
        while risen:  # level by level, so that all above are in their places
            below = {one for door in risen for one in newcomers(door)}
            touched |= below
            firsts = {one: min(doors(one), key=self._key) for one in below - self._roots}
            risen = {one for one, first in firsts.items() if first[0] in risen}
            for one in risen:
                self._first[one] = firsts[one]
                self._level[one] = self._level[firsts[one][0]] + 1
        return touched

    @property
    def _key(self) -> Callable[[Door], Any]:
        return functools.cmp_to_key(self._compare)

    def _compare(self, one: Door, two: Door) -> int:
        """Compare newcomers of two doors: negative if the search comes by the first before."""
        levels = self._level[one[0]] - self._level[two[0]]
        while not levels and one[0] != two[0]:
            if one[0] in self._roots or two[0] in self._roots:
                return -1 if (one[0] != self._host, one[0]) < (two[0] != self._host, two[0]) else 1
            one, two = self._first[one[0]], self._first[two[0]]
        return levels or (-1 if one[1] < two[1] else 1)
