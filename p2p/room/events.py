"""What changed in the room, for the node that runs it."""

from dataclasses import dataclass
from typing import Literal

from crypto.ids import MemberId, OpId
from p2p.room.ops.kinds import EntryMode
from p2p.room.stage import Stage
from p2p.room.state.model import Asking, Role
from p2p.room.text.names import DisplayName

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


@dataclass(frozen=True, slots=True)
class EntryChanged:
    """Others are let in now."""

    mode: EntryMode


@dataclass(frozen=True, slots=True)
class ProfileChanged:
    """Sound is sent in another way: 0 table, 1 hall."""

    profile: int


@dataclass(frozen=True, slots=True)
class RankChanged:
    """A member who was here before has another rank. ``by``: who gave or took it, if another."""

    member: MemberId
    rank: int
    by: MemberId | None


@dataclass(frozen=True, slots=True)
class AskingChanged:
    """These wait for a moderator now."""

    asking: tuple[Asking, ...]


@dataclass(frozen=True, slots=True)
class EpochChanged:
    """Other epochs are heads now."""

    heads: tuple[OpId, ...]


@dataclass(frozen=True, slots=True)
class NameImitates:
    """A member came whose name looks like that of ``other``, who was here before it."""

    member: MemberId
    other: MemberId


RoomWideEvent = (
    LockChanged | TopicChanged | EntryChanged | ProfileChanged | AskingChanged | EpochChanged
)
"""About the room as a whole."""

Event = RoomWideEvent | MemberChanged | StageChanged | HandChanged | RankChanged | NameImitates
"""Everything that a room reports."""
