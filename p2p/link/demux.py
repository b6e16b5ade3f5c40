"""What a datagram is, told from its first bytes (RFC 7983). Sans-IO; nothing is trusted yet."""

from dataclasses import dataclass
from enum import Enum

MAX_DATAGRAM_BYTES = 1500

_STUN_HEADER_BYTES = 20
_STUN_COOKIE = b"\x21\x12\xa4\x42"
_STUN_USERNAME = 0x0006
_STUN_CLASS_MASK = 0x0110
_STUN_REQUEST = 0x0000
_STUN_ANSWERS = (0x0100, 0x0110)
_MAX_USERNAME_BYTES = 513
_MAX_ATTRIBUTES = 16
APPLICATION_DATA = 23
"""RFC 6347 §4.1: the first byte of a record that the keys of a link seal."""


class Kind(Enum):
    """The protocols that share one port."""

    STUN = "stun"
    DTLS = "dtls"
    MESSAGES = "messages"
    """DTLS as well, of a link whose keys are agreed."""
    MEDIA = "media"
    OWN = "own"
    NOISE = "noise"
    """Under no veil of ours: what has no type and is told by its seal, or rubbish."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StunHead:
    """As much of a STUN message as is needed to find out whom it is for.

    Attributes:
        transaction: 12 bytes.
        answer: True for a success or error response, False for a request.
        ufrag: Of a request: the user name's part before the colon, which names the receiver's
            link; empty if there is none.
    """

    transaction: bytes
    answer: bool
    ufrag: bytes


def _kind_of(first: int) -> Kind:
    if first >= 192:
        return Kind.OWN
    if first >= 128:
        return Kind.MEDIA
    if 20 <= first <= 63:
        return Kind.DTLS
    return Kind.STUN if first <= 3 else Kind.UNKNOWN


KINDS = tuple(map(_kind_of, range(256)))
"""The protocol of a datagram, by its first byte (RFC 7983 §7)."""


def stun_head(data: bytes) -> StunHead | None:
    """Reads the head of a STUN request or response (RFC 8489 §5, §14).

    Returns:
        None for what is neither, or not well formed as far as it was read.
    """
    if len(data) < _STUN_HEADER_BYTES or data[4:8] != _STUN_COOKIE:
        return None
    if int.from_bytes(data[2:4], "big") != len(data) - _STUN_HEADER_BYTES:
        return None
    message_class = int.from_bytes(data[:2], "big") & _STUN_CLASS_MASK
    if message_class in _STUN_ANSWERS:
        return StunHead(data[8:20], answer=True, ufrag=b"")
    if message_class != _STUN_REQUEST:
        return None
    return StunHead(data[8:20], answer=False, ufrag=_receiver_ufrag(data))


def _receiver_ufrag(data: bytes) -> bytes:
    at = _STUN_HEADER_BYTES
    for _ in range(_MAX_ATTRIBUTES):
        if at + 4 > len(data):
            break
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if int.from_bytes(data[at : at + 2], "big") == _STUN_USERNAME:
            name = data[at + 4 : at + 4 + length] if length <= _MAX_USERNAME_BYTES else b""
            return name.partition(b":")[0]
        at += 4 + length + (-length % 4)
    return b""
