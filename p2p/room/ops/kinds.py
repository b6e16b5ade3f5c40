"""Every kind of operation, as a type. A kind's number and fields never change once released.

On the wire the body is one array: the seven fields of ``Body``, then those of the kind. Operations
refer to each other by id: what one answers, ends or replaces is named in it, so nothing hangs on a
clock or on the order in which operations of different authors come. Which kinds take a power is in
``powers``.
"""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from crypto.ids import DhKey, EpochId, MemberId, OpId, RoomId, SignKey
from p2p.room.ops.canonical import Quiet
from p2p.room.ops.ids import NONE

OPS_VERSION = 1
NAME_CHARS_MAX = 64
TOPIC_CHARS_MAX = 120
HANDS_PER_ORDER = 32
PARENTS_MAX = 8
LIFTS_MAX = 4
OVER_MAX = 8
KEEPS_MAX = 32
STAGE_ENTRIES_MAX = 16
CARRIERS_MAX = 64
ASK_BYTES_MAX = 700
KNOWS_MAX = 16
ROSTER_MAX = 64
HOST_SLOT = 1
FIRST_SLOT = 2
LAST_SLOT = 63

Id8 = Annotated[bytes, Meta(min_length=8, max_length=8)]
Op16 = Annotated[OpId, Meta(min_length=16, max_length=16)]
Epoch16 = Annotated[EpochId, Meta(min_length=16, max_length=16)]
Member16 = Annotated[MemberId, Meta(min_length=16, max_length=16)]
Key32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Room32 = Annotated[RoomId, Meta(min_length=32, max_length=32)]
Dh32 = Annotated[DhKey, Meta(min_length=32, max_length=32)]
Sign32 = Annotated[SignKey, Meta(min_length=32, max_length=32)]
Seq = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
Version = Annotated[int, Meta(ge=OPS_VERSION, le=OPS_VERSION)]
KindNumber = Annotated[int, Meta(ge=1, le=0xFFFF)]
Slot = Annotated[int, Meta(ge=FIRST_SLOT, le=LAST_SLOT)]
Count = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
Over = Annotated[tuple[Op16, ...], Meta(max_length=OVER_MAX)]
"""Operations that the author has seen and that this one replaces."""
Keeps = Annotated[tuple[Op16, ...], Meta(max_length=KEEPS_MAX)]
"""Operations of the member outside its chain that stay in force beside those up to ``cut``."""
Knows = Annotated[tuple[Op16, ...], Meta(max_length=KNOWS_MAX)]
"""Removals that an operation must not be shown without."""
EntryMode = Literal["open", "ask", "invited"]
ProfileName = Literal["table", "hall"]
PROFILES: tuple[ProfileName, ...] = get_args(ProfileName)
"""Of the room's sound, by the number that operations and frames have for them."""


class Body(Quiet, frozen=True):
    """What every operation says.

    Attributes:
        version: Format of operations, 1.
        room: Room id, 32 bytes: an operation counts in one room only.
        author: Member id of the signer.
        seq: 0 for the author's join, then one more each time.
        prev: Id of the author's last link (``LINKS``) before this one; zeros in a join. Links are
            never forgotten, so the chain of them has no gaps.
        auth: Id of the ``Rank`` operation that gave the author the power it uses here; zeros for
            the host, and when it acts on itself.
        kind: Number of the kind.
    """

    version: Version
    room: Room32
    author: Member16
    seq: Seq
    prev: Op16
    auth: Op16
    kind: KindNumber


class Join(Body, frozen=True):
    """I am here. Proves itself: ``author`` is the hash of ``sign`` and ``dh``.

    Attributes:
        sign: Ed25519 public key.
        dh: X25519 public key, the one of the handshake.
        recv: X25519 public key for the next epoch's wrap, until a ``Recv``; zeros for none.
        name: As typed, up to 64 characters; shown only after ``names.DisplayName.clean``.
        invite: The ``Invite`` it came by; zeros for none.
        proof: Signature of the invite's key, context "invite", over room id | author; or empty.
    """

    sign: Sign32
    dh: Dh32
    recv: Dh32
    name: Annotated[str, Meta(max_length=NAME_CHARS_MAX)]
    invite: Op16 = NONE
    proof: Annotated[bytes, Meta(max_length=64)] = b""


class Leave(Body, frozen=True):
    """I am gone for good: this key does not come back."""


class Hand(Body, frozen=True):
    """I wish to speak, or no longer."""

    up: bool


class Take(Body, frozen=True):
    """I accept the invitation ``grant`` and am on stage."""

    grant: Op16


class Decline(Body, frozen=True):
    """I do not accept the invitation ``grant``, or let it ``lapse`` unanswered."""

    grant: Op16
    lapsed: bool


class Audience(Body, frozen=True):
    """I leave the stage."""


class Grant(Body, frozen=True):
    """``member`` may speak in ``slot``.

    ``epoch`` is a head of the room's epochs, zeros before the first: the next epoch restates the
    grants that are in force, and only those live on. ``hand`` is the last of the member's own
    wishes (hand, take, decline, audience) known to the author, zeros for none: if the member has
    changed its mind since, the grant is void.
    """

    epoch: Epoch16
    slot: Slot
    member: Member16
    hand: Op16


class Mute(Body, frozen=True):
    """What ``member`` says on ``grant`` is not to be passed on, or again.

    With ``on=False``, ``lifts`` are the mutes that it ends: ids of ``Mute`` operations, or of the
    epochs that restated one.
    """

    epoch: Epoch16
    member: Member16
    grant: Op16
    on: bool
    lifts: Annotated[tuple[Op16, ...], Meta(max_length=LIFTS_MAX)] = ()


class Down(Body, frozen=True):
    """``member`` is moved to the audience: ends exactly the hand ``seen`` and exactly ``grant``.

    Either is zeros for none; a hand raised later stays up. ``lapsed``: because the invitation was
    not answered in time.
    """

    epoch: Epoch16
    member: Member16
    seen: Op16
    grant: Op16
    lapsed: bool


class Remove(Body, frozen=True):
    """``member`` is out for ever.

    ``join`` is the join known to the author, zeros for none. ``cut`` is the last link of the member
    known to it: of a member with powers, what came up to there stays valid, and ``keeps`` beside
    it. With ``branch`` everybody goes whom invites of the member brought in, and whom theirs did.
    ``knows``: the newest removals known to the author. A removal that another of them names or
    follows is left out, so there are few.
    """

    member: Member16
    join: Op16
    cut: Op16
    branch: bool = False
    keeps: Keeps = ()
    knows: Knows = ()


class Lock(Body, frozen=True):
    """Nobody new is let in while ``on``."""

    on: bool
    over: Over = ()


class Topic(Body, frozen=True):
    """What the room is about, shown only after cleaning."""

    text: Annotated[str, Meta(max_length=TOPIC_CHARS_MAX)]
    over: Over = ()


class HandRef(Quiet, frozen=True):
    """A raised hand: the member and the ``seq`` of the operation that raised it."""

    member: Member16
    seq: Seq


class Order(Body, frozen=True):
    """These hands reached me next, in this order, behind the ``base`` that I know to be named."""

    base: Count
    hands: Annotated[tuple[HandRef, ...], Meta(min_length=1, max_length=HANDS_PER_ORDER)]


class Rank(Body, frozen=True):
    """``member`` has ``rank`` from now on: 1 co-host, 2 moderator, 3 helper; 4 takes it away.

    ``sign`` and ``dh`` are the member's keys: relays, which see no joins, check its operations by
    them. What the member does under an operation that this one is ``over`` counts only up to
    ``cut``, and ``keeps`` beside it. Who gives its own rank, 1 or 2, has none from there on:
    ``keeps`` is then about the author.
    """

    member: Member16
    rank: Annotated[int, Meta(ge=1, le=4)]
    sign: Sign32
    dh: Dh32
    over: Over
    cut: Op16
    keeps: Keeps = ()


class StageEntry(Quiet, frozen=True):
    """A grant in force, restated by an epoch; ``hand`` is the front of the grant's own ``hand``."""

    slot: Slot
    member: Member16
    grant: Op16
    hand: Id8
    muted: bool


class Parent(Quiet, frozen=True):
    """An epoch that another replaces: its id and its ``step``."""

    epoch: Epoch16
    step: Count


class Epoch(Body, frozen=True):
    """A new group secret, and what is in force on the stage as its author sees it.

    Attributes:
        parents: The epochs that it replaces; none only for the first of a room.
        step: Step of room time at which it was made.
        why: 0 start, 1 kick, 2 merge, 3 timer, 4 asked.
        ephemeral: X25519 public key of the wraps.
        commit: BLAKE2b-256 of the secret.
        pass_public: Public half of the pass that opens relays, an Ed25519 key.
        roster_count: Members it was wrapped to.
        roster_root: Hash over them, see ``epochs.roster_root``.
        stage: The grants in force.
        knows: Removals to which no other leads: who hides one of them, or one that leads to them,
            hides this epoch, too.
    """

    parents: Annotated[tuple[Parent, ...], Meta(max_length=PARENTS_MAX)]
    step: Count
    why: Annotated[int, Meta(ge=0, le=4)]
    ephemeral: Dh32
    commit: Key32
    pass_public: Sign32
    roster_count: Annotated[int, Meta(ge=0, le=0xFFFF)]
    roster_root: Key32
    stage: Annotated[tuple[StageEntry, ...], Meta(max_length=STAGE_ENTRIES_MAX)]
    knows: Knows = ()


class Entry(Body, frozen=True):
    """Who is let in: everybody, whom a moderator lets in, or who brings an invite."""

    mode: EntryMode
    over: Over = ()


class Let(Body, frozen=True):
    """A moderator's yes or no to ``member``, who asked to be let in."""

    member: Member16
    on: bool


class Ask(Body, frozen=True):
    """Somebody waits at my door: its ``join``."""

    join: Annotated[bytes, Meta(min_length=1, max_length=ASK_BYTES_MAX)]


class Invite(Body, frozen=True):
    """Whoever proves to hold ``key`` came by me. ``uses`` 0: any number of members."""

    key: Sign32
    uses: Annotated[int, Meta(ge=0, le=0xFFFF)]
    expires_s: Count


class Uninvite(Body, frozen=True):
    """``invite`` lets nobody in any more."""

    invite: Op16


class Recv(Body, frozen=True):
    """My X25519 key for the wraps of the next epoch."""

    key: Dh32


class Profile(Body, frozen=True):
    """How sound is sent: 0 table, 1 hall."""

    profile: Annotated[int, Meta(ge=0, le=1)]
    over: Over = ()


class Carrier(Quiet, frozen=True):
    """A relay: X25519 key, address of 4 or 16 bytes, port. Address of zeros: it is taken out."""

    dh: Dh32
    ip: Annotated[bytes, Meta(min_length=4, max_length=16)]
    port: Annotated[int, Meta(ge=1, le=0xFFFF)]

    @property
    def is_out(self) -> bool:
        """It is named only so that nobody adds it again."""
        return not any(self.ip)


class Carriers(Body, frozen=True):
    """The relays of this room, the root of the tree first."""

    relays: Annotated[tuple[Carrier, ...], Meta(max_length=CARRIERS_MAX)]
    over: Over = ()


class Admit(Body, frozen=True):
    """I have let in whoever signed ``join``: it counts by this word, as long as ours counts.

    A join that stands alone counts for nobody but the host: see ``state.admitted``.
    """

    join: Annotated[bytes, Meta(min_length=1, max_length=ASK_BYTES_MAX)]


class Roster(Body, frozen=True):
    """These are members, whoever let them in."""

    members: Annotated[tuple[Member16, ...], Meta(min_length=1, max_length=ROSTER_MAX)]


KINDS: dict[int, type[Body]] = {
    1: Join,
    2: Leave,
    3: Hand,
    4: Take,
    5: Decline,
    6: Audience,
    7: Grant,
    8: Mute,
    9: Down,
    10: Remove,
    11: Lock,
    12: Topic,
    13: Order,
    14: Rank,
    15: Epoch,
    16: Entry,
    17: Let,
    18: Ask,
    19: Invite,
    20: Uninvite,
    21: Recv,
    22: Profile,
    23: Carriers,
    24: Admit,
    25: Roster,
}

NUMBERS: dict[type[Body], int] = {kind: number for number, kind in KINDS.items()}

_LASTING_FLOOR: Final[frozenset[type[Body]]] = frozenset(
    {Remove, Lock, Rank, Epoch, Entry, Profile, Carriers, Roster}
)

LINKS: Final[frozenset[type[Body]]] = _LASTING_FLOOR - {Epoch} | {Join}
"""What the chain of an author is made of: never forgotten, and all but the join seen by relays."""

FLOOR: Final[frozenset[type[Body]]] = _LASTING_FLOOR | {Grant, Mute, Down}
"""Signed but not sealed: relays hold these and work out from them whom to pass on."""
