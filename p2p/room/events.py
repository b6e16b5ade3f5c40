"""What changed in the room, for the node that runs it."""

from dataclasses import dataclass
from typing import Literal

from p2p.room.ids import MemberId
from p2p.room.names import DisplayName
from p2p.room.roster import Role
from p2p.room.stage import Stage

MemberState = Literal["here", "left", "removed"]
Why = Literal["asked", "granted", "muted", "down", "lapsed", "removed"]


@dataclass(frozen=True, slots=True)
class MemberChanged:
    """A member appeared, or its name, role or state changed, or whether it is muted.

    ``by``: who did it, if another.
    """

    member: MemberId
    name: DisplayName
    role: Role
    state: MemberState
    by: MemberId | None


@dataclass(frozen=True, slots=True)
class StageChanged:
    """A member who was here before has moved to another place.

    ``why``: asked (by itself), granted (invited, or voice given back), muted, down, lapsed,
    removed.
    """

    member: MemberId
    stage: Stage
    why: Why


@dataclass(frozen=True, slots=True)
class HandChanged:
    """A member's place in the queue, 1 first; None when the hand is down."""

    member: MemberId
    place: int | None


@dataclass(frozen=True, slots=True)
class LockChanged:
    """The room was locked or opened again."""

    on: bool


@dataclass(frozen=True, slots=True)
class TopicChanged:
    """The room has another topic, safe to show."""

    text: str


Event = MemberChanged | StageChanged | HandChanged | LockChanged | TopicChanged
"""Everything that a room reports."""
