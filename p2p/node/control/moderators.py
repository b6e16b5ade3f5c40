"""Whether anybody who is here can run the room, and who could if our program ended. Sans-IO.

A program that died says no goodbye: what counts is who can be reached, not who has left.
"""

from collections.abc import Callable, Collection, Iterator

from crypto.ids import MemberId
from p2p.api.events import ModeratorsChanged, Notice
from p2p.node.member_numbers import MemberNumbers
from p2p.room.ops.powers import CO_HOST, HOST
from p2p.room.room import Room
from p2p.room.stage import ON_STAGE
from p2p.room.state.model import Member

LOOK_EVERY_S = 1.0
AWAY_S = 3.0
"""So long nobody may be in reach before it is said: links come up one after the other."""
_PROPOSALS = {
    HOST: "If your program ends, nobody can run this room. {name} could, if you trust this person: "
    "`promote {n} co-host`. You can take it back.",
    CO_HOST: "If your program ends, nobody can run this room. {name} could, if you trust this "
    "person: `promote {n} moderator`. You can take it back.",
}


class ModeratorWatch:
    """Remembers what was told.

    Args:
        numbers: Numbers of members.

    Attributes:
        nobody: Nobody who is here can run the room.
    """

    def __init__(self, numbers: MemberNumbers) -> None:
        self.nobody = False
        self._numbers = numbers
        self._without_since_s: float | None = None
        self._proposed = False
        self._next_s = 0.0

    def news(
        self,
        room: Room,
        is_here: Callable[[MemberId], bool],
        verified: Collection[MemberId],
        now: float,
    ) -> Iterator[ModeratorsChanged | Notice]:
        """What is to be told, once each.

        Args:
            room: What the members agree on.
            is_here: Whether another member can be reached.
            verified: With whom our person has compared words.
            now: Monotonic seconds.
        """
        if now < self._next_s:
            return
        self._next_s = now + LOOK_EVERY_S
        members = room.state.members.values()
        others = [one for one in members if one.is_here and one.id != room.me and is_here(one.id)]
        helped = any(one.moderates for one in others)
        yield from self._absence(room, others, helped=helped, now=now)
        if helped:
            self._proposed = False
        elif not self._proposed:
            yield from self._proposal(room.myself.rank, others, verified)

    def _absence(
        self, room: Room, others: Collection[Member], *, helped: bool, now: float
    ) -> Iterator[ModeratorsChanged]:
        runs = helped or room.myself.moderates
        # Alone, it may be our own network that is gone.
        without = not runs and (bool(others) or room.state.no_moderator)
        since_s = self._without_since_s if self._without_since_s is not None else now
        self._without_since_s = since_s if without else None
        sure = now - since_s >= AWAY_S or room.state.no_moderator
        if self.nobody and runs:
            self.nobody = False
            yield ModeratorsChanged(here=True)
        elif not self.nobody and without and sure:
            self.nobody = True
            yield ModeratorsChanged(here=False)

    def _proposal(
        self, rank: int, others: Collection[Member], verified: Collection[MemberId]
    ) -> Iterator[Notice]:
        """Name whom we know best: words compared, or let onto the stage by us."""
        known = [one for one in others if one.id in verified or one.stage in ON_STAGE]
        if not known or rank not in _PROPOSALS:
            return
        self._proposed = True
        best = min(known, key=lambda one: (one.rank, one.id not in verified, one.id))
        yield Notice("propose_second", _PROPOSALS[rank], self._numbers.number(best.id))
