"""Whose name can be mistaken for whose, of those who can be reached and of those who can not.

A person whose program died comes back with other keys and the same name, beside an entry of
itself. That is no alarm: the old one says nothing. It is no proof either.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from crypto.ids import MemberId
from p2p.room.state.model import Member
from p2p.room.text.confusable import imitations


@dataclass(frozen=True, slots=True)
class Likenesses:
    """What ``likenesses`` found.

    Attributes:
        imitates: Of members here the most senior other one here of such a name.
        namesakes: Of members here one of such a name that can not be reached.
    """

    imitates: Mapping[MemberId, MemberId] = field(default_factory=dict)
    namesakes: Mapping[MemberId, MemberId] = field(default_factory=dict)


def likenesses(members: Collection[Member], is_here: Callable[[MemberId], bool]) -> Likenesses:
    """Sort out whose names are alike.

    Args:
        members: All of the room.
        is_here: Whether one can be reached.
    """
    alike = {one.id: one.imitates for one in members if one.imitates is not None}
    if not alike:
        return Likenesses()
    here = [one for one in members if one.is_here and is_here(one.id)]
    imitates = imitations((one.rank, one.id, str(one.name)) for one in here)
    namesakes = {
        one.id: other
        for one in here
        if (other := alike.get(one.id)) is not None and not is_here(other)
    }
    return Likenesses(imitates, namesakes)
