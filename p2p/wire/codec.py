"""Messages to bytes and back, and long lists cut into messages of bounded size."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from p2p.errors import LocalError
from p2p.room.ops.canonical import pack, unpack
from p2p.wire.messages import (
    FIRST_ID,
    IDS_PER_MESSAGE,
    LAST_ID,
    MESSAGE_BYTES_MAX,
    OPS_PER_MESSAGE,
    Have,
)
from p2p.wire.messages import Message as MemberMessage
from p2p.wire.relay_messages import RelayMessage

Message = MemberMessage | RelayMessage
"""Everything that may come over a data channel."""

PAGE_BYTES = 12 * 1024
"""Operations per page, leaving room for the other fields of ``Admit``."""

_DECODER: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """Bytes of a message; raises LocalError if it is longer than a peer would accept."""
    data = pack(message)
    if len(data) > MESSAGE_BYTES_MAX:
        raise LocalError("message too long")
    return data


def decode(data: bytes) -> Message:
    """Read hostile bytes; raises RemoteError unless they are exactly one known message."""
    return unpack(data, _DECODER, MESSAGE_BYTES_MAX)


def pages(ops: Iterable[bytes]) -> Iterator[tuple[bytes, ...]]:
    """Cut operations, in order, into tuples that fit one ``Ops`` or ``Admit`` each."""
    page: list[bytes] = []
    size_bytes = 0
    for op in ops:
        if page and (size_bytes + len(op) > PAGE_BYTES or len(page) == OPS_PER_MESSAGE):
            yield tuple(page)
            page, size_bytes = [], 0
        page.append(op)
        size_bytes += len(op) + 3
    if page:
        yield tuple(page)


def have_messages(ids: Sequence[bytes], at_once: int = IDS_PER_MESSAGE) -> list[Have]:
    """Say which operations we hold.

    Args:
        ids: Short ids (8 bytes) of all of them, ascending.
        at_once: Ids in one message.

    Returns:
        At least one message. Together their ranges cover every possible id without overlap, so
        a peer can answer each by itself.
    """
    chunks = [tuple(ids[i : i + at_once]) for i in range(0, len(ids), at_once)]
    messages: list[Have] = []
    first = FIRST_ID
    for chunk, following in pairwise(chunks):
        last = (int.from_bytes(following[0], "big") - 1).to_bytes(8, "big")
        messages.append(Have(chunk, first, last))
        first = following[0]
    messages.append(Have(chunks[-1] if chunks else (), first, LAST_ID))
    return messages
