"""What a node asks of its room, members named by id. What stays on this machine is not here."""

from dataclasses import dataclass
from typing import ClassVar

from crypto.ids import MemberId, OpId, SignKey
from p2p.room.ops.kinds import Carrier, EntryMode
from p2p.room.stage import Act


@dataclass(frozen=True, slots=True)
class RaiseHand:
    """Ask to speak."""

    act: ClassVar = Act.RAISE


@dataclass(frozen=True, slots=True)
class LowerHand:
    """Take the hand down; also declines an invitation."""

    act: ClassVar = Act.LOWER


@dataclass(frozen=True, slots=True)
class TakeFloor:
    """Our microphone is about to open: confirm an invitation, or check that we may speak."""

    act: ClassVar = Act.TAKE


@dataclass(frozen=True, slots=True)
class Decline:
    """Decline an invitation to speak."""

    act: ClassVar = Act.DECLINE


@dataclass(frozen=True, slots=True)
class GoToAudience:
    """Leave the stage by one's own will."""

    act: ClassVar = Act.AUDIENCE


@dataclass(frozen=True, slots=True)
class Accept:
    """Moderators: invite a member to speak, or give a muted speaker its voice back."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class Mute:
    """Moderators: silence a speaker."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class MoveDown:
    """Moderators: off the stage, out of an invitation, or hand down."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class Remove:
    """Moderators: out for ever.

    ``branch``: with everybody its invites brought in, and theirs, and who came in through it alone
    and has a moderator's word by now; whom else it has let in counts no more, until another door
    lets it in.
    """

    member: MemberId
    branch: bool = False


@dataclass(frozen=True, slots=True)
class Promote:
    """Give a member a rank below our own, 1 to 4, or give up our own."""

    member: MemberId
    rank: int


@dataclass(frozen=True, slots=True)
class Let:
    """Moderators: yes or no to somebody who waits to be let in."""

    member: MemberId
    on: bool


@dataclass(frozen=True, slots=True)
class SetLock:
    """Moderators: let nobody new in, or somebody again."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetTopic:
    """Moderators: say what the room is about."""

    text: str


@dataclass(frozen=True, slots=True)
class SetEntry:
    """Moderators: who is let in."""

    mode: EntryMode


@dataclass(frozen=True, slots=True)
class SetProfile:
    """Moderators: how sound is sent, 0 table, 1 hall."""

    profile: int


@dataclass(frozen=True, slots=True)
class SetCarriers:
    """Moderators: the relays of the room, the root of the tree first."""

    relays: tuple[Carrier, ...]


@dataclass(frozen=True, slots=True)
class MakeInvite:
    """Let whoever holds the secret half of ``key`` in as brought by us.

    Attributes:
        key: Ed25519 public key.
        uses: How many members; 0 for any number.
        expires_s: Room time after which it is refused; 0 for never.
    """

    key: SignKey
    uses: int
    expires_s: int


@dataclass(frozen=True, slots=True)
class Uninvite:
    """Take an invite back: our own, or as a moderator that of a junior."""

    invite: OpId


@dataclass(frozen=True, slots=True)
class Leave:
    """We go for good."""

    act: ClassVar = Act.LEAVE


OwnCommand = RaiseHand | LowerHand | TakeFloor | Decline | GoToAudience | Leave
"""About ourselves."""

TowardsCommand = Accept | Mute | MoveDown | Remove
"""What moves another member."""

SettingCommand = SetLock | SetTopic | SetEntry | SetProfile | SetCarriers
"""About the room."""

Command = OwnCommand | TowardsCommand | SettingCommand | Promote | Let | MakeInvite | Uninvite


def shuts_door(command: Command) -> bool:
    """Tell whether fewer people may come in by it than by an open door."""
    match command:
        case SetLock(on=on):
            return on
        case SetEntry(mode=mode):
            return mode != "open"
    return False


def removed_by(command: Command) -> tuple[MemberId, bool] | None:
    """Return whom it puts out, and whether with everybody who came in through it."""
    return (command.member, command.branch) if isinstance(command, Remove) else None
