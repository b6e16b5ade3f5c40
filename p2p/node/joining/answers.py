"""What several doors say to a newcomer, held against each other. Sans-IO.

A door may be of somebody who was removed, and tell of the room as it was. Operations are signed,
so what one door has of them counts at all others too: who is out by it, or lacks the newest keys,
is believed only if nobody else is there to ask. So is one that shows no moderator's word on the
room as it is now.
"""

from dataclasses import dataclass

from crypto.ids import DhKey, MemberId
from p2p.api.events import Via
from p2p.link.line import Line
from p2p.node.secrets import RoomSecrets
from p2p.rekey.fresh_words import is_missing
from p2p.room.room import Room
from p2p.wire.messages import Fresh

OTHERS_S = 1.0
"""How long after the first yes others that we have reached may still say theirs."""

SILENT_S = 0.3
"""How long after it those may still be reached that were only named."""

CHECKED_S = 3.0
"""How long after it another door may still show a moderator's word; then one without has to do."""

ENOUGH = 3
"""So many members that nothing contradicts, and nobody else is waited for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A door's yes.

    Attributes:
        member: Whose door it is.
        room: What the members agree on, as far as the doors told.
        secrets: Ours and the room's, from this door.
        via: How the door was found.
        line: Of our link with it; None: there is none.
        word: The moderator's word that it showed.
    """

    member: MemberId
    room: Room
    secrets: RoomSecrets
    via: Via
    line: Line | None
    word: Fresh | None = None

    def is_checked(self, now: float) -> bool:
        """Whether a moderator's word says that it is of the room as it is now."""
        return not is_missing(self.word, self.room, self.secrets.room_time.at(now))


class Answers:
    """The doors of one attempt to come in, and what they have said.

    Attributes:
        given: Every yes so far, the first one first.
    """

    def __init__(self) -> None:
        self.given: list[Answer] = []
        self._first_s = 0.0
        self._pending: dict[DhKey, bool] = {}  # door -> whether we have reached it
        self._over: set[DhKey] = set()

    def knock(self, door: DhKey) -> None:
        """We knock at a door; only the first time counts."""
        if door not in self._over:
            self._pending.setdefault(door, False)

    def reached(self, door: DhKey) -> None:
        """It has answered, and holds the words."""
        if door in self._pending:
            self._pending[door] = True

    def ended(self, door: DhKey) -> None:
        """It has said yes or no, or nothing in time."""
        self._pending.pop(door, None)
        self._over.add(door)

    def take(self, answer: Answer, now: float) -> None:
        """Takes a yes; every answer's room learns what the others' know."""
        if not self.given:
            self._first_s = now
        for other in self.given:
            _teach(answer.room, other.room, now)
            _teach(other.room, answer.room, now)
        self.given.append(answer)

    def chosen(self, now: float) -> list[Answer]:
        """The answers to go by, the first one first; none while others are waited for."""
        if not self.given:
            return []
        checked = [answer for answer in self.given if answer.is_checked(now)]
        sound = [answer for answer in checked if _is_sound(answer)]
        waited_s = now - self._first_s
        awaited = any(
            waited_s < (OTHERS_S if reached else SILENT_S) for reached in self._pending.values()
        )
        if awaited and len({answer.member for answer in sound}) < ENOUGH:
            return []
        if not checked and waited_s < CHECKED_S:
            return []
        return sound or (checked or self.given)[:1]


def _teach(pupil: Room, teacher: Room, now: float) -> None:
    for op in teacher.ops():
        pupil.receive(op, None, now)


def _is_sound(answer: Answer) -> bool:
    """Whether, by all that is known, the door is of a member in force with the newest keys."""
    state = answer.room.state
    knows = all(answer.secrets.keyring.knows(head) for head in state.heads)
    return knows and state.in_roster(answer.member)
