"""In which order the search from the host comes by members, told of any two without a search.

It goes door by door: first those with whom it begins, then whomever these let in, and so on; of
one door's newcomers the one whose admission has the lowest id first. So two members are compared
by the ways that lead to them.
"""

import functools
from collections.abc import Iterable, Sequence

from crypto.ids import MemberId, OpId


class SearchOrder:
    """The first door of each member, as far as the search has come.

    Args:
        roots: With whom the search begins, in its order.
    """

    def __init__(self, roots: Iterable[MemberId]) -> None:
        self._roots = {member: number for number, member in enumerate(roots)}
        self._level = dict.fromkeys(self._roots, 0)
        self._first: dict[MemberId, tuple[MemberId, OpId]] = {}

    def add(self, member: MemberId, doors: Sequence[tuple[MemberId, OpId]]) -> list[MemberId]:
        """Put a member in its place that is nobody's door, or was not here before.

        Args:
            member: Not one of the roots.
            doors: Who let it in, with the admissions; they are in their places.

        Returns:
            The doors in the order in which the search comes by them.
        """
        order = sorted(doors, key=functools.cmp_to_key(self._compare))
        self._first[member] = order[0]
        self._level[member] = self._level[order[0][0]] + 1
        return [door for door, _ in order]

    def _compare(self, one: tuple[MemberId, OpId], two: tuple[MemberId, OpId]) -> int:
        """Compare newcomers of two doors: negative if the search comes by the first before."""
        levels = self._level[one[0]] - self._level[two[0]]
        while not levels and one[0] != two[0]:
            if one[0] in self._roots:
                return self._roots[one[0]] - self._roots[two[0]]
            one, two = self._first[one[0]], self._first[two[0]]
        return levels or (-1 if one[1] < two[1] else 1)
