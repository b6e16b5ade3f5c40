"""What a node asks of its room, members named by id. What stays on this machine is not here."""

from dataclasses import dataclass

from p2p.room.ids import MemberId


@dataclass(frozen=True, slots=True)
class RaiseHand:
    """Ask to speak."""


@dataclass(frozen=True, slots=True)
class LowerHand:
    """No longer ask; also declines an invitation."""


@dataclass(frozen=True, slots=True)
class TakeFloor:
    """Our microphone is about to open: confirm an invitation, or check that we may speak."""


@dataclass(frozen=True, slots=True)
class Decline:
    """Decline an invitation."""


@dataclass(frozen=True, slots=True)
class GoToAudience:
    """Leave the stage."""


@dataclass(frozen=True, slots=True)
class Accept:
    """Host: invite a member to speak, or give a muted speaker its voice back."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class Mute:
    """Host: silence a speaker."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class MoveDown:
    """Host: off the stage, out of an invitation, or hand down."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class Remove:
    """Host: out for ever."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class SetLock:
    """Host: let nobody new in, or somebody again."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetTopic:
    """Host: say what the room is about."""

    text: str


@dataclass(frozen=True, slots=True)
class Leave:
    """We go for good."""


OwnCommand = RaiseHand | LowerHand | TakeFloor | Decline | GoToAudience | Leave
"""About ourselves."""

TowardsCommand = Accept | Mute | MoveDown | Remove
"""About another member."""

Command = OwnCommand | TowardsCommand | SetLock | SetTopic
