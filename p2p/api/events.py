"""What a node tells its front end, and its scripts: a class for each event, with its fields.

A member is ``n``: small, given by this node in order of appearance, never reused in a run.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from p2p.api.commands import DeviceKind
from p2p.api.fields import Inside, Named, PersonName, QuotedLine
from p2p.errors import UserError
from p2p.room.state.epochs import Why
from p2p.room.state.model import Role

MemberState = Literal["here", "left", "gone", "removed"]
WordsState = Literal["asked", "ready", "verified", "differ", "failed"]
Setting = Literal["lock", "entry", "profile"]
RelayState = Literal["added", "dropped", "named", "out", "silent", "lost", "back"]
RelayMeans = Literal["", "alone", "another", "open"]
Via = Literal["dht", "lan", "invite", "relay", "self"]


@dataclass(frozen=True, slots=True)
class KeyShown:
    """The room key in every form in which it can be handed over. Secret.

    Attributes:
        invite: The long invite; the answer to ``MakeInvite`` carries the personal one.
        uses: How many people it lets in, 0 any number; None: it is no personal invite.
        hours: How long a personal invite works.
    """

    words: str
    line: str
    digits: str
    invite: str
    uses: Annotated[int | None, Inside()] = None
    hours: Annotated[float, Inside()] = 0.0


@dataclass(frozen=True, slots=True)
class Joined:
    """We are admitted (or have created the room): commands work from here on.

    ``members``: who has not left; who of them is here, ``MemberChanged`` tells soon after.
    """

    n: int
    role: Role
    members: int
    via: Via
    admitted_ms: int


@dataclass(frozen=True, slots=True)
class FirstSound:
    """The first frame of this run reached the mixer. ``ms`` counts from the start."""

    from_n: Annotated[int, Named("from")]
    ms: int


@dataclass(frozen=True, slots=True)
class MemberChanged:
    """A member appeared or changed name, role or state. ``by``: who caused it, if another.

    With ``by`` and nothing else that is new, a moderator has muted it, or lets it speak again.

    ``on_stage``: whether it may speak; None: as its role says. Co-hosts and moderators may be on
    the stage or not.
    """

    n: int
    id: str
    name: PersonName
    role: Role
    state: MemberState
    by: int | None = None
    on_stage: Annotated[bool | None, Inside()] = None


@dataclass(frozen=True, slots=True)
class HandChanged:
    """A hand's place in the queue, 1 first; None when it is down."""

    n: int
    place: int | None


@dataclass(frozen=True, slots=True)
class MicChanged:
    """Our own microphone.

    ``why``: asked, muted, down, declined, lapsed, lost, removed, or granted. With ``on=False,
    why="granted"`` a moderator has accepted our hand: ``mic on`` confirms, ``no`` declines, 60 s
    let it lapse.
    """

    on: bool
    why: str


@dataclass(frozen=True, slots=True)
class LockChanged:
    """The room lets nobody new in, or is open again."""

    on: bool


@dataclass(frozen=True, slots=True)
class SpeakingChanged:
    """A member started or stopped being heard."""

    n: int
    on: bool


@dataclass(frozen=True, slots=True)
class Stats:
    """Every 5 s: totals since joining.

    ``counters``: what the parts of the program count, by place and reason; docs/debugging.md lists
    them.
    """

    me: dict[str, Any]
    speakers: list[dict[str, Any]]
    links: list[dict[str, Any]]
    totals: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """We speak into, or hear through, another device now."""

    kind: DeviceKind
    name: QuotedLine


@dataclass(frozen=True, slots=True)
class DevicesListed:
    """What this machine has, and what is in use."""

    inputs: tuple[QuotedLine, ...]
    outputs: tuple[QuotedLine, ...]
    mic: QuotedLine
    speaker: QuotedLine


@dataclass(frozen=True, slots=True)
class VolumeChanged:
    """How we hear a member, -30 to +12 dB, or not at all; only we know."""

    n: int
    db: float
    hushed: bool


@dataclass(frozen=True, slots=True)
class CuesChanged:
    """The sound cues that are on."""

    cues: Annotated[tuple[str, ...], Named("on")]


@dataclass(frozen=True, slots=True)
class EchoChanged:
    """Whether the loudspeaker is taken out of our voice: ``auto``, ``on`` or ``off``."""

    mode: str


@dataclass(frozen=True, slots=True)
class DelayChanged:
    """Whether we hear the others sooner, with more holes."""

    low: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody waits outside to be let in (entry mode ``ask``), or waits no longer.

    ``n`` comes from the same numbers as members'; who is let in keeps it.
    """

    n: int
    id: str
    name: PersonName
    on: bool


@dataclass(frozen=True, slots=True)
class Words:
    """How the comparison of safety words with the member ``n`` stands.

    Attributes:
        code: 6 characters of base 32; empty unless ``state`` is ``ready``. Not secret.
        words: As much, and a little more, as three words.
        state: asked (the other wants to; our person has to ask, too), ready (read them to each
            other now), verified (we said they are the same), differ (we said they are not), failed
            (the other did not answer, or cheated).
    """

    n: int
    code: str
    words: tuple[str, ...]
    state: WordsState


@dataclass(frozen=True, slots=True)
class SettingChanged:
    """The room is run in another way now.

    ``value``: ``on`` or ``off`` for the lock, else the entry mode or the profile. ``by``: who
    did it, None when that is not one person.
    """

    what: Setting
    value: str
    by: int | None = None


@dataclass(frozen=True, slots=True)
class ModeratorsChanged:
    """Whether anybody who is here can run the room: nobody any more, or somebody again."""

    here: bool


@dataclass(frozen=True, slots=True)
class RoomKeyChanged:
    """The members have a new key. ``n_members``: to how many it was given."""

    why: Why
    n_members: Annotated[int, Named("members")]


@dataclass(frozen=True, slots=True)
class RelayChanged:
    """How a relay is.

    Attributes:
        relay: As a person writes it, without its key.
        state: added (our person named it here), dropped (our person wants it no more), named (a
            moderator named to the room one that we do not use), out (a moderator took one out of
            the room that we use), silent (it never answered), lost (it does not answer any more),
            back.
        means: Of out, silent and lost: alone (no other answers: nobody hears anybody), another (the
            room goes on through that), open (only newcomers need it).
        line: Of named: all that is needed to use it.
    """

    relay: str
    state: RelayState
    means: RelayMeans = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class RelayListed:
    """A relay that we use, or that the room names, as ``RelayView`` has it."""

    n: int
    relay: str
    used: bool
    up: bool
    named: bool


@dataclass(frozen=True, slots=True)
class LineChanged:
    """How much of the sound our line carries has changed.

    Attributes:
        narrow_out: Our own goes out simpler than the room's is.
        narrow_in: That of the others comes in simpler.
    """

    narrow_out: bool
    narrow_in: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """Worth a line on the screen (or stderr) but no error: which ways into the room work now.

    ``message``: empty where the code says it all; the front end has its words.
    ``n``: whom it is about, if anybody; then ``{name}`` in the message stands for the name.
    """

    code: str
    message: str = ""
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """The run is over.

    ``why``: asked, time, signal, removed, nobody, or why nobody let us in: locked, denied,
    invited, used_up, expired, full, refused.
    """

    why: str
    totals: dict[str, Any]
    exit_code: Annotated[int, Inside()] = 0


@dataclass(frozen=True, slots=True)
class ErrorRaised:
    """A command or a part failed; the room goes on.

    ``told``: the same before values were put in, for a front end that translates.
    """

    code: str
    message: QuotedLine
    hint: QuotedLine = ""
    told: Annotated[UserError | None, Inside()] = None

    @classmethod
    def of(cls, error: UserError) -> "ErrorRaised":
        """Tell of an error."""
        return cls(error.code, error.message, error.hint, error)


Event = (
    KeyShown
    | Joined
    | FirstSound
    | MemberChanged
    | HandChanged
    | MicChanged
    | LockChanged
    | SpeakingChanged
    | Stats
    | DeviceChanged
    | DevicesListed
    | VolumeChanged
    | CuesChanged
    | EchoChanged
    | DelayChanged
    | LineChanged
    | Waiting
    | Words
    | SettingChanged
    | ModeratorsChanged
    | RoomKeyChanged
    | RelayChanged
    | RelayListed
    | Notice
    | Left
    | ErrorRaised
)
