"""Who was removed and still holds the key that we would seal under. Sans-IO.

An epoch is known not to be held by those whose removals led to it (``RoomState.shut_out``). Nothing
is sealed under a frontier that lacks such an epoch for somebody, once any epoch was seen that shuts
it out: that one was removed *with new key*. Who was removed without one holds the key until the
next, as its moderator chose.
"""

from collections.abc import Collection, Iterable, Mapping

from crypto.ids import EpochId, MemberId

NOBODY: frozenset[MemberId] = frozenset()


class Exposure:
    """What one member has seen of removals with new key."""

    def __init__(self) -> None:
        self._lacks: dict[EpochId, frozenset[MemberId]] = {}
        self._out: frozenset[MemberId] = NOBODY

    def observe(
        self,
        shut_out: Mapping[EpochId, frozenset[MemberId]],
        removed: frozenset[MemberId],
        sealing: Iterable[EpochId],
    ) -> None:
        """Take note of the room.

        Args:
            shut_out: Of each head those whose removals led to it.
            removed: Who is out.
            sealing: The epochs that we seal under; what was known of them stays known.
        """
        before = self._lacks
        self._lacks = {epoch: before.get(epoch, NOBODY) for epoch in sealing} | dict(shut_out)
        self._out = self._out.union(*shut_out.values()) & removed

    def exposes(self, epochs: Collection[EpochId]) -> bool:
        """Whether somebody who was removed with new key may hold the key of some epochs."""
        return not self._out <= NOBODY.union(*(self._lacks.get(one, NOBODY) for one in epochs))
