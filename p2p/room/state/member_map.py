"""The members of a room in the order of their ids, of which a changed copy costs little.

A state is never changed, so each change is another map. It shares with the one before it all that
is alike: members stand on shelves by the first byte of their ids, and only shelves that change are
copied. So two maps are compared by looking at the shelves that they do not share.
"""

from collections.abc import Iterable, Iterator, Mapping, ValuesView
from typing import Final

from crypto.ids import MemberId
from p2p.room.state.member import Member

_SHELVES: Final = 256

_Shelf = dict[MemberId, Member]
_EMPTY: Final[_Shelf] = {}  # one for all maps, so that two compare it with itself


class MemberMap(Mapping[MemberId, Member]):
    """Members by id, ascending. Never changed.

    Args:
        members: In any order, each once.

    Attributes:
        shelves: Members by the first byte of their ids, each shelf in the order of ids.
    """

    def __init__(self, members: Iterable[Member] = ()) -> None:
        shelves = [_EMPTY] * _SHELVES
        for member in sorted(members, key=lambda one: one.id):
            number = _shelf_of(member.id)
            shelves[number] = shelves[number] or {}
            shelves[number][member.id] = member
        self.shelves = shelves
        self._count = sum(map(len, shelves))

    def __getitem__(self, member: MemberId) -> Member:
        return self.shelves[_shelf_of(member)][member]

    def __iter__(self) -> Iterator[MemberId]:
        for shelf in self.shelves:
            yield from shelf

    def __len__(self) -> int:
        return self._count

    def values(self) -> ValuesView[Member]:
        """Give the members, without a search for each."""
        return _Members(self)

    def but(self, changed: Iterable[Member]) -> "MemberMap":
        """Give a copy in which some members are new or have changed."""
        copy = MemberMap()
        copy.shelves = list(self.shelves)
        for member in changed:
            number = _shelf_of(member.id)
            shelf = copy.shelves[number]
            if member.id in shelf:
                shelf = shelf | {member.id: member}
            else:
                shelf = dict(sorted([*shelf.items(), (member.id, member)]))
            copy.shelves[number] = shelf
        copy._count = sum(map(len, copy.shelves))
        return copy

    def unlike(self, old: "MemberMap") -> Iterator[MemberId]:
        """Give whoever is in one map only, or is not the same in both, ascending.

        Args:
            old: Another map; it takes little time if one was made from the other by few changes.
        """
        for before, after in zip(old.shelves, self.shelves, strict=True):
            if before is not after:
                for member in sorted(before.keys() | after.keys()):
                    if before.get(member) is not after.get(member):
                        yield member


class _Members(ValuesView[Member]):
    _mapping: MemberMap

    def __iter__(self) -> Iterator[Member]:
        for shelf in self._mapping.shelves:
            yield from shelf.values()


def _shelf_of(member: MemberId) -> int:
    return member[0] if member else 0
