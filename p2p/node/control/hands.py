"""The queue of hands as it is shown: of whoever is here, because nobody else can be called up."""

from collections.abc import Callable, Iterator, Sequence

from crypto.ids import MemberId


def places_here(
    queue: Sequence[MemberId], is_here: Callable[[MemberId], bool]
) -> dict[MemberId, int]:
    """Number the hands of those who are here, 1 first.

    Args:
        queue: All raised hands in the room's one order.
        is_here: Whether a member can be reached. Who is gone has its place again when it is back.
    """
    present = [member for member in queue if is_here(member)]
    return {member: place for place, member in enumerate(present, start=1)}


class HandTeller:
    """Remembers which place of whom was told."""

    def __init__(self) -> None:
        self._told: dict[MemberId, int] = {}

    def news(self, places: dict[MemberId, int]) -> Iterator[tuple[MemberId, int | None]]:
        """Give whoever has another place now, or none any more (None)."""
        before, self._told = self._told, places
        for member in before.keys() - places.keys():
            yield member, None
        for member, place in places.items():
            if before.get(member) != place:
                yield member, place
