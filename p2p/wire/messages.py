"""Everything that travels on a data channel, between members and to and from relays.

On the wire a message is an array that begins with its tag. Tags are never reused.
"""

from typing import Annotated

from msgspec import Meta

from crypto.mutable_item import ENCODED_BYTES_MAX
from p2p.room.ops.canonical import Quiet
from p2p.room.ops.kinds import Epoch16, Member16, Op16
from p2p.room.ops.op import LONG_OP_BYTES_MAX

MESSAGE_BYTES_MAX = 16 * 1024
BLOB_BYTES_MAX = 1100
OPS_PER_MESSAGE = 256
IDS_PER_MESSAGE = 1500
WRAPS_PER_MESSAGE = 256
HEADS_MAX = 16
SEALED_HEADS_BYTES_MAX = 1536
ASKED_MAX = 8
COMPARE_BYTES_MAX = 64
FIRST_ID = bytes(8)
LAST_ID = b"\xff" * 8

Id8 = Annotated[bytes, Meta(min_length=8, max_length=8)]
Id16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Signature64 = Annotated[bytes, Meta(min_length=64, max_length=64)]
Key32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]
Target20 = Annotated[bytes, Meta(min_length=20, max_length=20)]
OpBytes = Annotated[bytes, Meta(min_length=1, max_length=LONG_OP_BYTES_MAX)]
OpList = Annotated[tuple[OpBytes, ...], Meta(max_length=OPS_PER_MESSAGE)]
Blob = Annotated[bytes, Meta(min_length=1, max_length=BLOB_BYTES_MAX)]
Wrap = Annotated[bytes, Meta(min_length=52, max_length=52)]
Card = Annotated[bytes, Meta(min_length=1, max_length=256)]
Item = Annotated[bytes, Meta(min_length=1, max_length=1000)]
MainlineItem = Annotated[bytes, Meta(min_length=1, max_length=ENCODED_BYTES_MAX)]
Reason = Annotated[str, Meta(pattern=r"^[a-z_]{1,24}\Z")]
U32 = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
U48 = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF_FFFF)]


class HeadSecret(Quiet, frozen=True):
    """One epoch head. Secret.

    Attributes:
        epoch_id: Its id.
        secret: Its secret at the step that the message names.
        pass_key: What members of this epoch prove to a relay that they hold. Secret.
    """

    epoch_id: Epoch16
    secret: Key32
    pass_key: Key32


Heads = Annotated[tuple[HeadSecret, ...], Meta(min_length=1, max_length=HEADS_MAX)]
SealedHeads = Annotated[bytes, Meta(min_length=64, max_length=SEALED_HEADS_BYTES_MAX)]
"""``Heads`` for one member's receive key: see ``rekey.sealed_heads``."""


class Join(Quiet, frozen=True, tag=1):
    """A newcomer asks a member to be let in with its signed join operation.

    Attributes:
        op: The join.
        proof: By the key that signed it, for this line: see ``crypto.lineproof``.
    """

    op: OpBytes
    proof: Signature64


class Fresh(Quiet, frozen=True, tag=14):
    """What a moderator's program knows at a moment: see ``rekey.fresh_words``.

    Attributes:
        author: Who says so; anybody may pass it on.
        auth: The appointment that it speaks under; zeros for the host's own power.
        room_time_ms: When, since the room began.
        heads: The epochs that nothing replaces, ascending.
        removals: Hash of all who are removed.
        signature: By the author, over all this and the room.
    """

    author: Member16
    auth: Op16
    room_time_ms: U48
    heads: Annotated[tuple[Epoch16, ...], Meta(min_length=1, max_length=HEADS_MAX)]
    removals: Key32
    signature: Signature


class Admit(Quiet, frozen=True, tag=2):
    """The member's yes.

    Attributes:
        member: Who says it; its join is among the operations.
        room_time_ms: Time since the room began, as the member has it.
        step: Hash step of the secrets below.
        heads: Secrets of all epoch heads at that step, never of an earlier one, sealed.
        members_secret: What all members share; the genesis says what it must hash to. Secret.
        ops: First operations the newcomer needs; it can apply them in this order. Further ones
            follow in ``Ops``.
        proof: By the member's signing key, for this line: see ``crypto.lineproof``.
        word: A moderator's word on the room as it is now, if there is one; of its author's power
            the operations above tell.
    """

    member: Member16
    room_time_ms: U48
    step: U32
    heads: SealedHeads
    members_secret: Key32
    ops: OpList
    proof: Signature64
    word: Fresh | None = None


class Refuse(Quiet, frozen=True, tag=3):
    """No, and why: ``busy``, or what ``room.agent.admission_rule.refusal`` says, but ``ask``."""

    reason: Reason


class Ops(Quiet, frozen=True, tag=4):
    """Signed operations, new ones or such as the other side was found to lack."""

    ops: OpList


class Have(Quiet, frozen=True, tag=5):
    """All operations I hold with short ids from ``first`` to ``last``, both included.

    Short ids are the first 8 bytes of operation ids, in ascending order. Whoever reads it sends
    what it has in that range beyond them.
    """

    ids: Annotated[tuple[Id8, ...], Meta(max_length=IDS_PER_MESSAGE)]
    first: Id8 = FIRST_ID
    last: Id8 = LAST_ID


class Carry(Quiet, frozen=True, tag=6):
    """A sealed datagram from one member to another by way of a third."""

    to: Member16
    frm: Member16
    blob: Blob


class NearMember(Quiet, frozen=True):
    """A neighbour of mine, and how far its address reaches: 0 loopback, 1 private, 2 global."""

    member: Member16
    scope: Annotated[int, Meta(ge=0, le=2)]


class Near(Quiet, frozen=True, tag=7):
    """The members to whom I have a living link now: presence, and who can carry to whom.

    Attributes:
        room_time_ms: Time since the room began, as I have it.
        members: All my neighbours but the reader.
    """

    room_time_ms: U48
    members: Annotated[tuple[NearMember, ...], Meta(max_length=64)]


class Bye(Quiet, frozen=True, tag=8):
    """I close this link on purpose."""


class Wraps(Quiet, frozen=True, tag=9):
    """The fresh secret of an epoch, wrapped for members: see ``crypto.wrap``.

    Whoever passes it on sends each neighbour only what it or those behind it can open.
    """

    epoch_id: Epoch16
    wraps: Annotated[tuple[Wrap, ...], Meta(min_length=1, max_length=WRAPS_PER_MESSAGE)]


class AskKeys(Quiet, frozen=True, tag=10):
    """I belong to the room and lack the secrets of these epoch heads."""

    epochs: Annotated[tuple[Epoch16, ...], Meta(min_length=1, max_length=ASKED_MAX)]


class GiveKeys(Quiet, frozen=True, tag=11):
    """The answer to ``AskKeys``, only over a line that ends at the asker.

    Attributes:
        step: The present one; the past is never handed over.
        heads: Secrets at that step, sealed.
    """

    step: U32
    heads: SealedHeads


class Wait(Quiet, frozen=True, tag=12):
    """A door to a newcomer: somebody is being asked whether you may come in."""


class Compare(Quiet, frozen=True, tag=13):
    """Two members compare words by voice: see ``crypto.sas``.

    Attributes:
        to: Whom it is for.
        frm: Who says it; whether it is true is what the words will show.
        kind: 0 commit, 1 nonce, 2 reveal.
        data: By kind.
    """

    to: Member16
    frm: Member16
    kind: Annotated[int, Meta(ge=0, le=2)]
    data: Annotated[bytes, Meta(min_length=32, max_length=COMPARE_BYTES_MAX)]


class Doors(Quiet, frozen=True, tag=32):
    """To a relay: which doors are open under this tag?"""

    tag: Id16


class Cards(Quiet, frozen=True, tag=33):
    """From a relay: sealed cards of the doors under the tag, unreadable to the relay."""

    tag: Id16
    cards: Annotated[tuple[Card, ...], Meta(max_length=32)]


class DoorUp(Quiet, frozen=True, tag=34):
    """To a relay: I am a door under this tag for as long as this link lives."""

    tag: Id16
    card: Card


class CarryDoor(Quiet, frozen=True, tag=35):
    """A sealed datagram between a newcomer and a door.

    Attributes:
        handle: Newcomer to relay: BLAKE2b-128 of the door's card. Between relay and door, and
            back to the newcomer: what the relay chose for this pair.
        blob: The datagram, unreadable to the relay.
    """

    handle: Id16
    blob: Blob


class Resolve(Quiet, frozen=True, tag=36):
    """To a relay: look this id up in the DHT for me."""

    target: Target20


class Resolved(Quiet, frozen=True, tag=37):
    """From a relay: the items found, sealed to whoever holds the room key."""

    target: Target20
    items: Annotated[tuple[Item, ...], Meta(max_length=8)]


class Items(Quiet, frozen=True, tag=38):
    """To a relay: store these finished items in the DHT when their hour comes."""

    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=12)]


class ResolveMainline(Quiet, frozen=True, tag=55):
    """To a relay: look this id up in BitTorrent's DHT for me, to which I do not show myself."""

    target: Target20


class ResolvedMainline(Quiet, frozen=True, tag=56):
    """From a relay: the items found there, as ``MutableItem.encode`` writes them."""

    target: Target20
    items: Annotated[tuple[MainlineItem, ...], Meta(max_length=4)]


Message = (
    Join
    | Admit
    | Refuse
    | Ops
    | Have
    | Carry
    | Near
    | Bye
    | Wraps
    | AskKeys
    | GiveKeys
    | Wait
    | Compare
    | Fresh
    | Doors
    | Cards
    | DoorUp
    | CarryDoor
    | Resolve
    | Resolved
    | Items
    | ResolveMainline
    | ResolvedMainline
)
