"""Messages of the Mainline DHT (BEP 5, 32, 42, 43, 44): what we ask, and what is answered.

Every question has ``ro`` = 1 (BEP 43): we answer none, and nobody is to put us into a table.
"""

from dataclasses import dataclass
from typing import TypeVar

from crypto.errors import RemoteError
from crypto.mutable_item import MutableItem
from p2p.dht.addresses import unpack_ip
from p2p.dht.mainline.bencode import Value, decode, encode
from p2p.dht.mainline.node_ids import ID_BYTES
from p2p.wire.addresses import Address

FIRST_BYTE, LAST_BYTE = b"d", b"e"
BEGINNINGS = b"d1:", b"d2:"
"""Names in a message have one letter or two, and others' noise seldom begins so."""
TX_BYTES = 4
NODES_MAX = 16
"""That one answer may name of one family; BEP 5 has 8."""
TOKEN_MAX_BYTES = 64
_IP_BYTES = {4: 4, 6: 16}
_NODES = {4: b"nodes", 6: b"nodes6"}
_WANT = {4: b"n4", 6: b"n6"}
_PORT_BYTES = 2

T = TypeVar("T", int, bytes)


@dataclass(frozen=True, slots=True)
class Node:
    """A node as others name it; only its own answer shows that it has this id.

    Attributes:
        id: 20 bytes.
        address: IP and UDP port.
    """

    id: bytes
    address: Address


@dataclass(frozen=True, slots=True)
class FindNode:
    """Who is close to this? For entry points, which may know no other question.

    Attributes:
        target: 20 bytes.
        family: 4 or 6: of the nodes that are wanted.
    """

    target: bytes
    family: int

    name = b"find_node"

    def arguments(self) -> dict[bytes, Value]:
        """What stands in ``a`` beside the id."""
        return {b"target": self.target, b"want": [_WANT[self.family]]}


@dataclass(frozen=True, slots=True)
class Get:
    """Who is close to this, and what is kept under it?

    Attributes:
        target: 20 bytes.
        family: 4 or 6: of the nodes that are wanted.
        beyond_seq: Only an item with a higher number is of interest; None: any.
    """

    target: bytes
    family: int
    beyond_seq: int | None = None

    name = b"get"

    def arguments(self) -> dict[bytes, Value]:
        """What stands in ``a`` beside the id."""
        given: dict[bytes, Value] = {b"target": self.target, b"want": [_WANT[self.family]]}
        return given if self.beyond_seq is None else given | {b"seq": self.beyond_seq}


@dataclass(frozen=True, slots=True)
class Put:
    """Keep this item.

    Attributes:
        item: Ours.
        token: From the node's last answer to a Get.
    """

    item: MutableItem
    token: bytes

    name = b"put"

    def arguments(self) -> dict[bytes, Value]:
        """What stands in ``a`` beside the id."""
        item = self.item
        return {
            b"k": bytes(item.signer),
            b"seq": item.seq,
            b"sig": item.signature,
            b"token": self.token,
            b"v": item.value,
        }


Question = FindNode | Get | Put


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node says to any question.

    Attributes:
        tx: The question's number.
        id: Of the node, 20 bytes.
        nodes: Those that it names; whether they may be asked is for the reader.
        token: To be shown with a Put; empty: there is none.
        item: What it keeps, its signature good; None: nothing.
        seen: Where it sees us; None: it does not say.
    """

    tx: bytes
    id: bytes
    nodes: tuple[Node, ...]
    token: bytes
    item: MutableItem | None
    seen: Address | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A node says no, for instance because it keeps something newer, or knows no such question.

    Attributes:
        tx: The question's number.
    """

    tx: bytes


def question(asked: Question, tx: bytes, own_id: bytes) -> bytes:
    """Write a question.

    Args:
        asked: What is asked.
        tx: Its number, 4 bytes.
        own_id: 20 bytes.
    """
    arguments = asked.arguments() | {b"id": own_id}
    return encode({b"a": arguments, b"q": asked.name, b"ro": 1, b"t": tx, b"y": b"q"})


def read_answer(data: bytes, family: int) -> Answer | Refusal:
    """Read a datagram that came from somebody whom we have asked.

    Args:
        data: Foreign bytes.
        family: 4 or 6: of the nodes that were wanted.

    Raises:
        RemoteError: Not an answer, or one with something wrong in it; an item whose signature is
            not good is such.
    """
    message = decode(data)
    if not isinstance(message, dict):
        raise RemoteError("no message")
    tx = _field(message, b"t", bytes)
    if message.get(b"y") == b"e":
        return Refusal(tx)
    said = message.get(b"r")
    if message.get(b"y") != b"r" or not isinstance(said, dict):
        raise RemoteError("no answer")
    node_id, token = _field(said, b"id", bytes), _field(said, b"token", bytes, b"")
    if len(node_id) != ID_BYTES or len(token) > TOKEN_MAX_BYTES:
        raise RemoteError("id or token of a wrong length")
    nodes = _nodes(_field(said, _NODES[family], bytes, b""), family)
    return Answer(tx, node_id, nodes, token, _item(said), _seen(message, said))


def _item(said: dict[bytes, Value]) -> MutableItem | None:
    if b"k" not in said or not isinstance(said.get(b"v"), bytes):
        return None  # nothing, something immutable, or of others
    return MutableItem.checked(
        _field(said, b"k", bytes),
        _field(said, b"seq", int),
        _field(said, b"v", bytes),
        _field(said, b"sig", bytes),
    )


def _nodes(packed: bytes, family: int) -> tuple[Node, ...]:
    size = ID_BYTES + _IP_BYTES[family] + _PORT_BYTES
    if len(packed) % size:
        raise RemoteError("nodes of a wrong length")
    entries = [packed[at : at + size] for at in range(0, len(packed), size)][:NODES_MAX]
    return tuple(
        Node(entry[:ID_BYTES], address)
        for entry in entries
        if (address := _address(entry[ID_BYTES:])) is not None
    )


def _seen(message: dict[bytes, Value], said: dict[bytes, Value]) -> Address | None:
    """Where BEP 42 has it: beside ``r``; some write it inside."""
    packed = message.get(b"ip", said.get(b"ip"))
    return _address(packed) if isinstance(packed, bytes) else None


def _address(packed: bytes) -> Address | None:
    """IP and port; None: no node can be there."""
    port = int.from_bytes(packed[-_PORT_BYTES:], "big")
    try:
        return (unpack_ip(packed[:-_PORT_BYTES]), port) if port else None
    except RemoteError:
        return None


def _field(where: dict[bytes, Value], name: bytes, kind: type[T], default: T | None = None) -> T:
    value = where.get(name, default)
    if not isinstance(value, kind):
        raise RemoteError("a field is missing, or of another kind")
    return value
