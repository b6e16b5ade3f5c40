"""Every kind of operation, as a type. A kind's number and fields never change once released.

On the wire the body is one array: the seven fields of ``Body``, then those of the kind.
"""

from typing import Annotated

from msgspec import Meta

from p2p.room.canonical import Quiet

OPS_VERSION = 1
NAME_CHARS_MAX = 64
TOPIC_CHARS_MAX = 120
HANDS_PER_ORDER = 32
HOST_SLOT = 1
FIRST_SLOT = 2
LAST_SLOT = 63

Id16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Key32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Seq = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
Version = Annotated[int, Meta(ge=OPS_VERSION, le=OPS_VERSION)]
KindNumber = Annotated[int, Meta(ge=1, le=0xFFFF)]
Slot = Annotated[int, Meta(ge=FIRST_SLOT, le=LAST_SLOT)]


class Body(Quiet, frozen=True):
    """What every operation says.

    Attributes:
        version: Format of operations, 1.
        room: Room id, 32 bytes: an operation counts in one room only.
        author: Member id of the signer.
        seq: 0 for the author's join, then one more each time.
        prev: Id of the author's operation before this one; zeros in a join.
        auth: Id of the operation that gave the author the power it uses here; zeros when it
            acts as itself or by the genesis.
        kind: Number of the kind.
    """

    version: Version
    room: Key32
    author: Id16
    seq: Seq
    prev: Id16
    auth: Id16
    kind: KindNumber


class Join(Body, frozen=True):
    """I am here. Proves itself: ``author`` is the hash of ``sign`` and ``dh``.

    Attributes:
        sign: Ed25519 public key.
        dh: X25519 public key, the one of the handshake.
        recv: X25519 public key for the next epoch's wrap; zeros for none.
        name: As typed, up to 64 characters; shown only after ``names.DisplayName.clean``.
    """

    sign: Key32
    dh: Key32
    recv: Key32
    name: Annotated[str, Meta(max_length=NAME_CHARS_MAX)]


class Leave(Body, frozen=True):
    """I am gone for good: this key does not come back."""


class Hand(Body, frozen=True):
    """I wish to speak, or no longer."""

    up: bool


class Take(Body, frozen=True):
    """I accept the invitation ``grant`` and am on stage."""

    grant: Id16


class Decline(Body, frozen=True):
    """I do not accept the invitation ``grant``, or let it ``lapse`` unanswered."""

    grant: Id16
    lapsed: bool


class Audience(Body, frozen=True):
    """I leave the stage."""


class Grant(Body, frozen=True):
    """``member`` may speak in ``slot``.

    ``hand`` is the last of the member's own wishes (hand, take, decline, audience) known to the
    author, zeros for none: if the member has changed its mind since, the grant is void.
    """

    slot: Slot
    member: Id16
    hand: Id16


class Mute(Body, frozen=True):
    """``member``'s sound is not to be passed on; ends with ``on=False`` or with a new grant."""

    member: Id16
    on: bool


class Down(Body, frozen=True):
    """``member`` is moved to the audience: off the stage, out of an invitation, hand down.

    ``seen`` is the last of the member's own wishes known to the author: a hand raised after it
    stays up. ``lapsed``: because the invitation was not answered in time.
    """

    member: Id16
    seen: Id16
    lapsed: bool


class Remove(Body, frozen=True):
    """``member`` is out for ever.

    ``join`` is the join known to the author, zeros for none. ``cut`` is the last operation of
    the member known to it: of a member with powers, what came up to there stays valid.
    """

    member: Id16
    join: Id16
    cut: Id16


class Lock(Body, frozen=True):
    """Nobody new is let in while ``on``."""

    on: bool


class Topic(Body, frozen=True):
    """What the room is about, shown only after cleaning."""

    text: Annotated[str, Meta(max_length=TOPIC_CHARS_MAX)]


class HandRef(Quiet, frozen=True):
    """A raised hand: the member and the ``seq`` of the operation that raised it."""

    member: Id16
    seq: Seq


class Order(Body, frozen=True):
    """These hands reached me next, in this order: they stand behind all that I named before."""

    hands: Annotated[tuple[HandRef, ...], Meta(min_length=1, max_length=HANDS_PER_ORDER)]


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
}

NUMBERS: dict[type[Body], int] = {kind: number for number, kind in KINDS.items()}
