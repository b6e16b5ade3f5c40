"""Who is let into a room at a relay: by the pass of an epoch in force, or of one just replaced.

Somebody whose link broke may come back with the pass that it had, for a minute. If somebody was
removed since that pass was new, or the room is locked, it opens only for those who sat here before
it was replaced: a removed member still holds it, and another name costs nothing. What a joined
relay says of those who sat there does not count, for it may be in league with whom was removed; a
member has its seat in reserve here before it needs it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from crypto.ids import MemberId, SignKey

OLD_PASS_S = 60.0
SAT_MAX = 2048


@dataclass(frozen=True, slots=True)
class _Old:
    """A pass of before: who was removed when it was new, and when it was replaced."""

    removed: frozenset[MemberId]
    at_s: float


class Passes:
    """The passes of one room. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._heads: dict[SignKey, frozenset[MemberId]] = {}
        self._old: dict[SignKey, _Old] = {}
        self._sat: dict[MemberId, float] = {}

    def saw(self, members: Iterable[MemberId], now: float) -> None:
        """Members sit here; those seen last are remembered."""
        for member in members:
            self._sat[member] = self._sat.pop(member, now)
        while len(self._sat) > SAT_MAX:
            del self._sat[next(iter(self._sat))]

    def follow(
        self,
        heads: Collection[SignKey],
        removed: frozenset[MemberId],
        members: Iterable[MemberId],
        now: float,
    ) -> None:
        """The room may have changed.

        Args:
            heads: Public halves of the passes of the epochs in force.
            removed: Who is out for ever.
            members: Who sits here.
            now: Monotonic seconds.
        """
        self._old = {
            public: old for public, old in self._old.items() if now - old.at_s <= OLD_PASS_S
        }
        replaced = self._heads.keys() - set(heads)
        if replaced:
            self.saw(members, now)
        for public in replaced:
            self._old[public] = _Old(self._heads.pop(public), now)
        for public in heads:
            if public not in self._heads:
                old = self._old.pop(public, None)  # in force again: what replaced it was void
                self._heads[public] = removed if old is None else old.removed

    def opens(
        self,
        public: SignKey,
        member: MemberId,
        removed: frozenset[MemberId],
        now: float,
        *,
        locked: bool,
    ) -> bool:
        """Whether a pass gives a member a seat.

        Args:
            public: Public half of the pass that the member has proven to hold.
            member: Whose keys the link has proven; not removed itself.
            removed: Who is.
            now: Monotonic seconds.
            locked: Nobody new comes into the room.
        """
        old = self._old.get(public)
        if old is None or now - old.at_s > OLD_PASS_S:
            return public in self._heads
        sat = member in self._sat and self._sat[member] <= old.at_s
        return sat or (old.removed == removed and not locked)
