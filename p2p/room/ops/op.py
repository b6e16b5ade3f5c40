"""A signed operation: the only thing that changes what members agree on.

``op = body | signature``, the body in canonical MessagePack, the signature Ed25519 (RFC 8032)
by the author over it, the id BLAKE2b-128 of both. Strict on the way in: one value has one
encoding, so nobody but the author can make a second operation out of a first.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from crypto.genesis import ROOM_ID_BYTES
from crypto.identity import SIGNATURE_BYTES, Identity, member_id, verify
from crypto.ids import MemberId, OpId, RoomId, SignKey
from p2p.errors import LocalError, RemoteError
from p2p.room.ops.canonical import pack, unpack
from p2p.room.ops.ids import NONE, op_id
from p2p.room.ops.kinds import KINDS, LINKS, NUMBERS, OPS_VERSION, Body, Carriers, Join, Rank

OP_BYTES_MAX = 1344
LONG_OP_BYTES_MAX = 4096
"""Of ``Carriers`` alone, which names up to 64 relays."""
_CONTEXT = b"op"


class UnknownVersionError(RemoteError):
    """An operation in a format of another version: somebody here runs another program."""


@dataclass(frozen=True, slots=True, repr=False)
class Op:
    """One operation as received or made.

    Attributes:
        id: Hash of ``data``.
        data: Body and signature, at most 1,344 bytes, of ``Carriers`` 4,096.
        body: One of ``kinds``, or a bare ``Body`` if this program does not know the kind.
    """

    id: OpId
    data: bytes = field(compare=False)
    body: Body = field(compare=False)

    @property
    def author(self) -> MemberId:
        """Who signed it, or claims to have: see ``verify_op``."""
        return self.body.author

    @property
    def seq(self) -> int:
        """Place in the author's own sequence, 0 for the join."""
        return self.body.seq


class _Peek(msgspec.Struct, frozen=True, array_like=True):
    """The front of a body. Whatever follows is skipped."""

    version: int
    room: RoomId
    author: MemberId
    seq: int
    prev: OpId
    auth: OpId
    kind: int


_PEEK = msgspec.msgpack.Decoder(_Peek)
_ANY: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder()
_TYPED = {number: msgspec.msgpack.Decoder(kind) for number, kind in KINDS.items()}
_BARE = msgspec.msgpack.Decoder(Body)


def decode_op(data: bytes, room_id: RoomId) -> Op:
    """Read an operation from outside. Its signature is not looked at: see ``verify_op``.

    Args:
        data: Hostile bytes.
        room_id: The room we are in, 32 bytes.

    Returns:
        The operation. One of an unknown kind has a bare ``Body``: keep it, pass it on, ignore it.

    Raises:
        UnknownVersionError: The format is another version's.
        RemoteError: Too long, malformed, not canonical, of another room, or out of its place.
    """
    if not SIGNATURE_BYTES < len(data) <= LONG_OP_BYTES_MAX:
        raise RemoteError("oversized")
    raw = data[:-SIGNATURE_BYTES]
    front = _peek(raw)
    if len(data) > OP_BYTES_MAX and front.kind != NUMBERS[Carriers]:
        raise RemoteError("oversized")
    if front.version != OPS_VERSION:
        raise UnknownVersionError("version")
    if front.room != room_id:
        raise RemoteError("wrong_room")
    body = _typed(raw, front)
    if (body.seq == 0) != isinstance(body, Join) or (body.seq == 0) != (body.prev == NONE):
        raise RemoteError("misplaced")
    if not _is_sound(body):
        raise RemoteError("malformed")
    return Op(op_id(data), data, body)


def _is_sound(body: Body) -> bool:
    """Check what the types of the fields cannot say."""
    match body:
        case Join():
            return len(body.proof) == (SIGNATURE_BYTES if body.invite != NONE else 0)
        case Rank():
            return member_id(body.sign, body.dh) == body.member
        case Carriers():
            return all(len(relay.ip) in (4, 16) for relay in body.relays)
    return True


def _peek(raw: bytes) -> _Peek:
    """Read version, room and kind of a body whose shape is not known yet."""
    try:
        return _PEEK.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise RemoteError("malformed") from None


def _typed(raw: bytes, front: _Peek) -> Body:
    decoder = _TYPED.get(front.kind)
    if decoder is not None:
        return unpack(raw, decoder, LONG_OP_BYTES_MAX)
    unpack(raw, _ANY, OP_BYTES_MAX)
    fields = (
        front.version,
        front.room,
        front.author,
        front.seq,
        front.prev,
        front.auth,
        front.kind,
    )
    return unpack(pack(fields), _BARE, OP_BYTES_MAX)


def verify_op(op: Op, sign_public: SignKey) -> None:
    """Check the signature against the author's key.

    Args:
        op: As ``decode_op`` gave it.
        sign_public: The author's Ed25519 key, from its join or from the genesis.

    Raises:
        RemoteError: Somebody else made it.
    """
    try:
        verify(sign_public, _CONTEXT, op.data[:-SIGNATURE_BYTES], op.data[-SIGNATURE_BYTES:])
    except RemoteError:
        raise RemoteError("forged") from None


def verify_join(op: Op, join: Join) -> None:
    """Check that a join is signed by the keys it names; raises RemoteError."""
    if member_id(join.sign, join.dh) != join.author:
        raise RemoteError("forged")
    verify_op(op, join.sign)


class Pen:
    """Writes the operations of one member, each under the next number."""

    def __init__(self, identity: Identity, room_id: RoomId) -> None:
        if len(room_id) != ROOM_ID_BYTES:
            raise LocalError("a room id has 32 bytes")
        self.author: MemberId = identity.member_id
        self._identity = identity
        self._room_id = room_id
        self._seq = 0
        self._prev = NONE

    def write(self, kind: type[Body], *fields: object, auth: OpId = NONE) -> Op:
        """Sign the next operation.

        Args:
            kind: One of ``kinds``; a join first, and only then.
            fields: The kind's own fields in order, within their bounds.
            auth: The ``Rank`` operation whose power is used.

        Raises:
            LocalError: The result is one that peers would refuse.
        """
        body = kind(
            OPS_VERSION,
            self._room_id,
            self.author,
            self._seq,
            self._prev,
            auth,
            NUMBERS[kind],
            *fields,
        )
        raw = pack(body)
        data = raw + self._identity.sign(_CONTEXT, raw)
        try:
            op = decode_op(data, self._room_id)
        except RemoteError as error:
            raise LocalError("operation out of bounds") from error
        self._seq += 1
        if kind in LINKS:
            self._prev = op.id
        return op
