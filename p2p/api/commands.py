"""What a front end asks of a node. Members are named by their small number ``n``.

What names no member and is for the room is the room's own command.
"""

from dataclasses import dataclass
from typing import Literal

from p2p.room.commands import Decline as Decline
from p2p.room.commands import GoToAudience as GoToAudience
from p2p.room.commands import LowerHand as LowerHand
from p2p.room.commands import RaiseHand as RaiseHand
from p2p.room.ops.kinds import EntryMode, ProfileName

DeviceKind = Literal["mic", "speaker"]
RankName = Literal["co-host", "moderator", "speaker"]

USES_MAX = 1000
HOURS_MAX = 24.0 * 7
"""Of an invite."""


@dataclass(frozen=True, slots=True)
class SetMic:
    """Open or close our microphone; ``on`` also confirms an invitation to speak."""

    on: bool


@dataclass(frozen=True, slots=True)
class SpeakAnyway:
    """Be heard although somebody who was removed may hear it; ends when the new key is here."""


@dataclass(frozen=True, slots=True)
class AcceptHand:
    """Moderators: invite the member ``n`` to speak."""

    n: int


@dataclass(frozen=True, slots=True)
class Mute:
    """Moderators: silence the speaker ``n``."""

    n: int


@dataclass(frozen=True, slots=True)
class MuteAll:
    """Moderators: silence every speaker whom we may."""


@dataclass(frozen=True, slots=True)
class MoveDown:
    """Moderators: move the speaker ``n`` to the audience."""

    n: int


@dataclass(frozen=True, slots=True)
class Remove:
    """Moderators: remove the member ``n`` from the room.

    ``new_key``: the others get a new key, so that the old one opens nothing any more.
    ``branch``: also everybody who came in through that member alone, by invites or its door, and
    through those.
    """

    n: int
    new_key: bool = False
    branch: bool = False


@dataclass(frozen=True, slots=True)
class Promote:
    """Give the member ``n`` powers, or take them away.

    ``speaker`` stands for no power at all. A ``moderator`` named by a moderator can only mute,
    move down and order the hands.
    """

    n: int
    role: RankName


@dataclass(frozen=True, slots=True)
class HandOn:
    """Name the member ``n`` successor: the highest rank that we can give, we keep ours."""

    n: int


@dataclass(frozen=True, slots=True)
class SetEntry:
    """Moderators: whoever has the key comes in, has to be let in, or needs an invite."""

    mode: EntryMode


@dataclass(frozen=True, slots=True)
class Let:
    """Moderators: let in who waits outside under the number ``n``, or not."""

    n: int
    on: bool


@dataclass(frozen=True, slots=True)
class NewKey:
    """Moderators: a new key for everybody who is in the room now."""


@dataclass(frozen=True, slots=True)
class MakeInvite:
    """Make a personal invite and emit it as ``KeyShown``.

    Attributes:
        uses: How many people may come in by it, at most ``USES_MAX``; 0: any number.
        hours: How long it works, more than 0, at most ``HOURS_MAX``.
    """

    uses: int
    hours: float


@dataclass(frozen=True, slots=True)
class Compare:
    """Compare safety words with ``n``, which has to want it too; the answer is ``Words``."""

    n: int


@dataclass(frozen=True, slots=True)
class Confirm:
    """Say whether the member ``n`` read out the same words. Nobody else learns of it."""

    n: int
    same: bool


@dataclass(frozen=True, slots=True)
class SetLock:
    """Moderators: let nobody new in, or open the door again."""

    locked: bool


@dataclass(frozen=True, slots=True)
class SetProfile:
    """Moderators: short delay (``table``) or fewer packets (``hall``) for everybody."""

    profile: ProfileName


@dataclass(frozen=True, slots=True)
class UseDevice:
    """Go on with another microphone or loudspeaker.

    ``name``: ``default``, a device, or for a check what ``--mic`` and ``--speaker`` take.
    """

    kind: DeviceKind
    name: str


@dataclass(frozen=True, slots=True)
class SetVolume:
    """Hear the member ``n`` louder or softer, -30 to +12 dB. Nobody learns of it."""

    n: int
    db: float


@dataclass(frozen=True, slots=True)
class SetHushed:
    """Stop hearing the member ``n``, or hear it again. Nobody learns of it."""

    n: int
    hushed: bool


@dataclass(frozen=True, slots=True)
class SetCues:
    """Choose the sound cues: names of ``audio.choices.CUES``, none of them for silence."""

    cues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetEcho:
    """Take the loudspeaker out of what the microphone hears.

    ``mode``: ``on``; ``off`` for headphones; ``auto`` as long as the microphone hears it.
    """

    mode: str


@dataclass(frozen=True, slots=True)
class SetLowDelay:
    """Hear the others sooner, with more holes where packets get lost; only we know."""

    on: bool


@dataclass(frozen=True, slots=True)
class Say:
    """Let a typed voice speak a line; only with ``--mask typed`` and the microphone on."""

    text: str


@dataclass(frozen=True, slots=True)
class UseRelay:
    """Use one more relay, here and now; moderators name it to the room by that.

    ``line``: what ``teahouse relay`` prints, typed by a person.
    """

    line: str


@dataclass(frozen=True, slots=True)
class DropRelay:
    """Use the relay ``n`` of ``RoomView.relays`` no more; moderators take it out of the room.

    ``anyway``: also if no other relay answers and nothing goes but through relays.
    """

    n: int
    anyway: bool = False


@dataclass(frozen=True, slots=True)
class AskStats:
    """Emit ``Stats`` now."""


@dataclass(frozen=True, slots=True)
class ShowKey:
    """Emit ``KeyShown`` now."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave the room and end the run."""

    why: str = "asked"


OwnSound = UseDevice | SetVolume | SetHushed | SetCues | SetEcho | SetLowDelay | Say
"""What concerns our own ears and voice alone: see ``p2p.node.control.local_audio``."""

Command = (
    OwnSound
    | SetMic
    | SpeakAnyway
    | RaiseHand
    | LowerHand
    | AcceptHand
    | Decline
    | GoToAudience
    | Mute
    | MuteAll
    | MoveDown
    | Remove
    | Promote
    | HandOn
    | SetLock
    | SetEntry
    | SetProfile
    | Let
    | NewKey
    | MakeInvite
    | Compare
    | Confirm
    | UseRelay
    | DropRelay
    | AskStats
    | ShowKey
    | Leave
)
