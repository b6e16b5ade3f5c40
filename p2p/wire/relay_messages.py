"""What members and relays say to each other about rooms, and relays among themselves.

Tags go on from those of ``messages``. A link carries one room.
"""

from typing import Annotated

from msgspec import Meta

from crypto.ids import MemberId
from crypto.wrap import WRAP_BYTES
from p2p.room.ops.canonical import Quiet
from p2p.room.ops.kinds import Dh32, Epoch16, Member16, Room32, Sign32
from p2p.wire.messages import (
    FIRST_ID,
    IDS_PER_MESSAGE,
    LAST_ID,
    WRAPS_PER_MESSAGE,
    Id8,
    OpList,
    Reason,
    Signature,
)

GOSSIP_BYTES_MAX = 15_000
DEPTH_MAX = 6
"""Hops from the root of a tree to whoever hears by it, at most."""
DELAY_MAX_MS = 10_000
MEMBERS_PER_MESSAGE = 400
EVERYBODY = MemberId(bytes(16))

MemberIds = Annotated[tuple[Member16, ...], Meta(max_length=MEMBERS_PER_MESSAGE)]
Wrap = Annotated[bytes, Meta(min_length=WRAP_BYTES, max_length=WRAP_BYTES)]


class Open(Quiet, frozen=True, tag=39):
    """To a relay: this room exists, and these floor operations belong to it."""

    genesis: Annotated[bytes, Meta(min_length=1, max_length=160)]
    ops: OpList = ()


class Pass(Quiet, frozen=True, tag=40):
    """To a relay: attach me.

    Attributes:
        room: Room id.
        sign: Our Ed25519 key.
        dh: Our X25519 key, the one that this link's HELLO was made with.
        pass_public: Public half of an epoch head's pass, as the epoch's record names it.
        proof: Signature by ``sign`` over relay's dh | room | tie of the link.
        pass_proof: Signature by the pass over relay's dh | room | tie | sign | dh.
    """

    room: Room32
    sign: Sign32
    dh: Dh32
    pass_public: Sign32
    proof: Signature
    pass_proof: Signature


class Passed(Quiet, frozen=True, tag=41):
    """From a relay: you are attached; these are here. Further ones follow in ``Present``."""

    room: Room32
    members: MemberIds


class Present(Quiet, frozen=True, tag=42):
    """From a relay: who came and who went, here and at the relays joined to it."""

    room: Room32
    here: MemberIds
    gone: MemberIds


class Floor(Quiet, frozen=True, tag=43):
    """Both ways: floor operations that the other side may not have."""

    room: Room32
    ops: OpList


class FloorHave(Quiet, frozen=True, tag=44):
    """Both ways: what ``Have`` is between members, for floor operations."""

    room: Room32
    ids: Annotated[tuple[Id8, ...], Meta(max_length=IDS_PER_MESSAGE)]
    first: Id8 = FIRST_ID
    last: Id8 = LAST_ID


class Gossip(Quiet, frozen=True, tag=45):
    """Something sealed for one member, or with ``EVERYBODY`` for all; unreadable to relays."""

    room: Room32
    to: Member16
    frm: Member16
    blob: Annotated[bytes, Meta(min_length=1, max_length=GOSSIP_BYTES_MAX)]


class RelayWraps(Quiet, frozen=True, tag=46):
    """Wraps of an epoch's secret; each member gets its own only."""

    room: Room32
    epoch: Epoch16
    wraps: Annotated[tuple[Wrap, ...], Meta(min_length=1, max_length=WRAPS_PER_MESSAGE)]


class AskWrap(Quiet, frozen=True, tag=53):
    """One member to another, by way of relays: I lack my wrap of this epoch, wrap it for me.

    Not sealed: it is said when the key that we have is not to be used any more, and a relay sees
    anyhow who gets wraps of which epoch.
    """

    room: Room32
    to: Member16
    frm: Member16
    epoch: Epoch16


class Route(Quiet, frozen=True, tag=47):
    """A speaker says where its sound comes into the tree; every hop notes where this came from.

    Attributes:
        room: Room id.
        slot: Its slot.
        seq: Rises with every route of this speaker.
        sign: Its keys, which are its member id.
        dh: The other one.
        parent: Key of the relay where its sound comes in.
        signature: By ``sign`` over room | slot | seq | parent.
    """

    room: Room32
    slot: Annotated[int, Meta(ge=1, le=63)]
    seq: Annotated[int, Meta(ge=0, le=0xFFFF_FFFF_FFFF)]
    sign: Sign32
    dh: Dh32
    parent: Dh32
    signature: Signature


class Moving(Quiet, frozen=True, tag=48):
    """From a relay: I stop within so many seconds, go elsewhere."""

    seconds: Annotated[int, Meta(ge=0, le=3600)]


class RelayRefuse(Quiet, frozen=True, tag=49):
    """From a relay: no.

    ``no_room``, ``bad_pass``, ``removed``, ``full``, ``busy``, ``draining``, ``no_sound``.
    """

    reason: Reason


class JoinTree(Quiet, frozen=True, tag=50):
    """Relay to relay: may I hang under you in this room? Its HELLO has proven which relay it is.

    Attributes:
        room: Room id.
        want: 0 with sound, 1 without, as under a second parent, 2 not at all: where do you stand?
    """

    room: Room32
    want: Annotated[int, Meta(ge=0, le=2)] = 0


class Tune(Quiet, frozen=True, tag=51):
    """To a relay: send me the room's sound, or only what else there is (I hear it elsewhere)."""

    room: Room32
    on: bool


class Hear(Quiet, frozen=True, tag=52):
    """To a relay: my line is narrow. Send one frame in so many of a slot, or of all (slot 0).

    Of a profile whose copies make up for fewer, one in fewer. Of other slots one in ``others``.
    """

    room: Room32
    every: Annotated[int, Meta(ge=1, le=3)]
    slot: Annotated[int, Meta(ge=0, le=63)]
    others: Annotated[int, Meta(ge=1, le=6)]


class Standing(Quiet, frozen=True, tag=54):
    """Relay to relay: where I stand in the tree of this room.

    Attributes:
        room: Room id.
        says: 0 only that; 1 you hang under me, 2 without sound; 3 I do not take you, or any more.
        is_placed: Whether sound comes to me, or begins with me.
        above: Keys of the relays above me, the root's first.
        delay_ms: How old sound is when I have it, counted from the root.
        is_open: Whether I would take one more.
    """

    room: Room32
    says: Annotated[int, Meta(ge=0, le=3)]
    is_placed: bool
    above: Annotated[tuple[Dh32, ...], Meta(max_length=DEPTH_MAX)]
    delay_ms: Annotated[int, Meta(ge=0, le=DELAY_MAX_MS)]
    is_open: bool


RelayMessage = (
    Open
    | Pass
    | Passed
    | Present
    | Floor
    | FloorHave
    | Gossip
    | RelayWraps
    | Route
    | Moving
    | RelayRefuse
    | JoinTree
    | Tune
    | Hear
    | AskWrap
    | Standing
)
