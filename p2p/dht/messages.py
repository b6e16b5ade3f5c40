"""What nodes of the network say to each other, as types, and their bytes.

Every message is one msgpack array that begins with its type. The bytes are canonical: what does
not encode to itself again is refused, so there is one way to say each thing.
"""

from typing import Annotated

import msgspec

from crypto.errors import RemoteError
from crypto.ids import DhKey
from crypto.item import MAX_ITEM_BYTES
from p2p.dht.addresses import pack_ip, plausible_port, unpack_ip
from p2p.dht.contact import NODE_ID_BYTES, NODE_KEY_BYTES, NodeContact
from p2p.wire.addresses import Address

PEERS_PER_ANSWER = 16
TOKEN_BYTES = 8
TX_BYTES = 8

WANT_V4 = 1
WANT_V6 = 2

Tx = Annotated[bytes, msgspec.Meta(min_length=TX_BYTES, max_length=TX_BYTES)]
Token = Annotated[bytes, msgspec.Meta(min_length=TOKEN_BYTES, max_length=TOKEN_BYTES)]
Target = Annotated[bytes, msgspec.Meta(min_length=NODE_ID_BYTES, max_length=NODE_ID_BYTES)]
NodeKey = Annotated[DhKey, msgspec.Meta(min_length=NODE_KEY_BYTES, max_length=NODE_KEY_BYTES)]
PackedIp = Annotated[bytes, msgspec.Meta(min_length=4, max_length=16)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
ItemBytes = Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_ITEM_BYTES)]


class Peer(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A node in an answer."""

    key: NodeKey
    ip: PackedIp
    port: Port


class _Message(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    tx: Tx


class Ping(_Message, frozen=True, tag=1):
    """Are you there? ``serving``: the sender answers others and may enter tables."""

    serving: bool


class Pong(_Message, frozen=True, tag=2):
    """I am. ``serving`` as in :class:`Ping`."""

    serving: bool


class Find(_Message, frozen=True, tag=3):
    """Who is close to ``target``, and do you hold its item? ``want``: address families."""

    serving: bool
    want: Annotated[int, msgspec.Meta(ge=1, le=3)]
    target: Target


class Found(_Message, frozen=True, tag=4):
    """The closest nodes known, the item if it is held, and a token that allows a store here.

    ``minutes``: Unix time by the clock of who answers.
    """

    token: Token
    peers: Annotated[tuple[Peer, ...], msgspec.Meta(max_length=PEERS_PER_ANSWER)]
    items: Annotated[tuple[ItemBytes, ...], msgspec.Meta(max_length=1)]
    minutes: Annotated[int, msgspec.Meta(ge=0, le=(1 << 32) - 1)]


class Store(_Message, frozen=True, tag=5):
    """Keep this item. ``token`` comes from the receiver's answer for the same target."""

    serving: bool
    token: Token
    item: ItemBytes


class Stored(_Message, frozen=True, tag=6):
    """What became of a store: see :class:`p2p.dht.storage.Outcome`."""

    outcome: Annotated[int, msgspec.Meta(ge=0, le=7)]


class Reach(_Message, frozen=True, tag=7):
    """Let somebody whom I never wrote to ping me, so that I learn whether I can be reached."""


class Introduce(_Message, frozen=True, tag=8):
    """Please ping this node once: it wants to know whether strangers reach it."""

    peer: Peer


Request = Ping | Find | Store | Reach | Introduce
Answer = Pong | Found | Stored
Message = Request | Answer

_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(
    Ping | Pong | Find | Found | Store | Stored | Reach | Introduce
)
_encoder = msgspec.msgpack.Encoder()


def encode(message: Message) -> bytes:
    """Give the one encoding of a message."""
    return _encoder.encode(message)


def decode(body: bytes) -> Message:
    """Read one message.

    Args:
        body: At most a datagram's worth; the caller has bounded it.

    Raises:
        RemoteError: Not exactly one message in its one encoding.
    """
    try:
        message = _decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise RemoteError("not a message") from None
    if _encoder.encode(message) != body:
        raise RemoteError("not the one encoding of the message")
    return message


def family_of(address: Address) -> int:
    """Tell which ``want`` bit an address answers."""
    return WANT_V6 if ":" in address[0] else WANT_V4


def to_peer(contact: NodeContact) -> Peer:
    """Put a contact into the form it travels in."""
    return Peer(contact.key, pack_ip(contact.address[0]), contact.address[1])


def to_contact(peer: Peer) -> NodeContact:
    """Read a contact that another node named.

    Raises:
        RemoteError: An address no node can have, or the port of a well-known service.
    """
    if not plausible_port(peer.port):
        raise RemoteError("not the port of a node")
    return NodeContact((unpack_ip(peer.ip), peer.port), peer.key)
