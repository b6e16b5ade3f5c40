"""Whom a new secret is wrapped to, worked out again only for whom something has changed."""

from collections.abc import Mapping, Sequence
from itertools import chain

from crypto.ids import MemberId
from p2p.room.state.member import Member
from p2p.room.state.member_map import MemberMap
from p2p.room.state.model import RoomState


class KeyHolders:
    """Remembers the roster by shelves of members (see ``member_map``)."""

    def __init__(self) -> None:
        self._shelves = MemberMap().shelves
        self._holders: list[list[Member]] = [[] for _ in self._shelves]
        self._let: Mapping[MemberId, bool] = {}

    def look(self, state: RoomState) -> Sequence[Member]:
        """Give the same as ``RoomState.roster``."""
        old, self._shelves = self._shelves, state.members.shelves
        answered_otherwise = self._let != state.let
        self._let = state.let
        for number, (before, shelf) in enumerate(zip(old, self._shelves, strict=True)):
            if answered_otherwise or before is not shelf:
                holders = (member for member in shelf.values() if state.holds_keys(member))
                self._holders[number] = list(holders)
        return list(chain.from_iterable(self._holders))
