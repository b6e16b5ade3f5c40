"""What a front end asks of a node. Members are named by their small number ``n``."""

from dataclasses import dataclass
from typing import Literal

DeviceKind = Literal["mic", "speaker"]


@dataclass(frozen=True, slots=True)
class SetMic:
    """Open or close our microphone; ``on`` also confirms an invitation to speak."""

    on: bool


@dataclass(frozen=True, slots=True)
class RaiseHand:
    """Ask to speak."""


@dataclass(frozen=True, slots=True)
class LowerHand:
    """Take the hand down."""


@dataclass(frozen=True, slots=True)
class AcceptHand:
    """Moderators: invite the member ``n`` to speak."""

    n: int


@dataclass(frozen=True, slots=True)
class Decline:
    """Decline an invitation to speak."""


@dataclass(frozen=True, slots=True)
class GoToAudience:
    """Leave the stage by one's own will."""


@dataclass(frozen=True, slots=True)
class Mute:
    """Moderators: silence the speaker ``n``."""

    n: int


@dataclass(frozen=True, slots=True)
class MoveDown:
    """Moderators: move the speaker ``n`` to the audience."""

    n: int


@dataclass(frozen=True, slots=True)
class Remove:
    """Moderators: remove the member ``n`` from the room."""

    n: int


@dataclass(frozen=True, slots=True)
class SetLock:
    """Moderators: let nobody new in, or open the door again."""

    locked: bool


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
    """Choose the sound cues: names of ``audio.cues.CUES``, none of them for silence."""

    cues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetEcho:
    """Take the loudspeaker out of what the microphone hears.

    ``mode``: ``on``; ``off`` for headphones; ``auto`` as long as the microphone hears it.
    """

    mode: str


@dataclass(frozen=True, slots=True)
class Say:
    """Let a typed voice speak a line; only with ``--mask typed`` and the microphone on."""

    text: str


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


Command = (
    SetMic
    | RaiseHand
    | LowerHand
    | AcceptHand
    | Decline
    | GoToAudience
    | Mute
    | MoveDown
    | Remove
    | SetLock
    | UseDevice
    | SetVolume
    | SetHushed
    | SetCues
    | SetEcho
    | Say
    | AskStats
    | ShowKey
    | Leave
)
