"""A snapshot of the room for drawing: pulled by the front end, never pushed."""

from dataclasses import dataclass

from p2p.api.events import MemberState
from p2p.room.ops.kinds import EntryMode, ProfileName
from p2p.room.state.model import Role

FROM_OUTSIDE = frozenset(("dht", "dht_soon", "mainline", "mainline_soon", "relay"))
"""Of the ways into a room those for people in other networks."""


@dataclass(frozen=True, slots=True)
class MemberView:
    """One row of the roster.

    Attributes:
        n: The member's small number.
        id: Member id, 32 hex digits.
        name: Safe to print as it is (see ``p2p.room.text.names``).
        level_dbfs: Loudness now, -96 to 0; -96 when silent or not on stage.
        path: ``direct``, ``lan``, ``loopback``, ``ipv6``, ``relay``, ``none``, or
            ``self``.
        rtt_ms: Round trip, None before it is known.
        loss_pct: What we miss of what it said in the last seconds, 0 to 100; None by a relay while
            it says nothing.
        hand_place: Place in the queue, 1 first, None when the hand is down.
        invited: A moderator accepted the hand; the member has not opened its microphone yet.
        muted: A moderator silenced this member.
        unheard: Frames arrive from it that cannot be opened, or are no sound that we play.
        sends: Its microphone is open, as far as we know: sound of it came in the last second.
        volume_db: How loud we made it for us alone, -30 to +12.
        hushed: We silenced it for us alone.
        on_stage: It may speak; a co-host or moderator can also be in the audience.
        rank: 0 host, 1 co-host, 2 moderator, 3 named by a moderator, 4 everybody else.
        verified: We have compared safety words with it, and they were the same.
        imitates: The member here whose name this one's can be mistaken for.
        namesake: A member with such a name that can not be reached: perhaps the same person, whose
            program has died.
        faded: Nobody has reached it for minutes; only those who could remove it need to see it.
        invited_by: The member whose personal invite brought this one in.
        let_in_by: The members at whose doors it came in.
    """

    n: int
    id: str
    name: str
    role: Role
    state: MemberState
    me: bool
    speaking: bool
    muted: bool
    invited: bool
    hand_place: int | None
    hand_since_s: float | None
    level_dbfs: float
    path: str
    rtt_ms: float | None
    loss_pct: float | None
    unheard: bool
    sends: bool = False
    volume_db: float = 0.0
    hushed: bool = False
    on_stage: bool = False
    rank: int = 4
    verified: bool = False
    imitates: int | None = None
    namesake: int | None = None
    faded: bool = False
    invited_by: int | None = None
    let_in_by: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WaitingView:
    """Somebody who has the key and waits outside to be let in.

    Attributes:
        n: From the same numbers as members'.
        id: The member id it would have.
        name: Safe to print as it is.
        imitates: The member whose name it can be mistaken for.
    """

    n: int
    id: str
    name: str
    imitates: int | None = None


@dataclass(frozen=True, slots=True)
class RelayView:
    """A relay that we use, or that the room names.

    Attributes:
        n: Its number, never another relay's in a run.
        name: As a person writes it, without its key.
        used: By us; else only the room names it.
        up: It answers us now.
        named: The room names it.
    """

    n: int
    name: str
    used: bool
    up: bool
    named: bool


@dataclass(frozen=True, slots=True)
class RoomView:
    """The whole room as this node sees it now.

    Attributes:
        devices: Microphone and loudspeaker in one line.
        mic: The microphone alone.
        speaker: The loudspeaker alone.
        cues: The sound cues that are on.
        echo: ``Settings.echo`` as it is now.
        low_delay: We hear the others sooner, with more holes.
        entry: How one gets in while the room is not locked.
        profile: Short delay, or fewer packets for a large room.
        waiting: Who waits outside; only members of rank 2 or less can let them in.
        no_moderator: Nobody of rank 2 or less is here.
        key_members: To how many members the present key was given, by its record or since, at
            least; 0: not known.
        held: Why nothing that we say is sealed now, until ``SpeakAnyway``: ``removed``,
            ``unchecked``; or empty.
        relays: Those that we use, then those that only the room names.
    """

    topic: str
    members: tuple[MemberView, ...]
    mic_on: bool
    mic_level_dbfs: float
    mode: str
    locked: bool
    room_time_s: float
    devices: str
    ways_in: tuple[str, ...]
    problem: str
    mask: str
    up_bps: float
    down_bps: float
    mic: str = ""
    speaker: str = ""
    cues: tuple[str, ...] = ()
    echo: str = "auto"
    low_delay: bool = False
    entry: EntryMode = "open"
    profile: ProfileName = "table"
    waiting: tuple[WaitingView, ...] = ()
    no_moderator: bool = False
    key_members: int = 0
    held: str = ""
    relays: tuple[RelayView, ...] = ()
