"""Types to bytes and back, with exactly one byte string for every value (MessagePack)."""

from typing import Any, TypeVar

import msgspec

from p2p.errors import RemoteError

T = TypeVar("T")

_ENCODER = msgspec.msgpack.Encoder()

# Besides its own errors the decoder lets two others through: bad UTF-8 and deep nesting.
_DECODE_ERRORS = (msgspec.MsgspecError, UnicodeError, RecursionError)


class Quiet(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A struct that travels as an array and never shows its content in a log or a traceback."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


def pack(value: object) -> bytes:
    """Encode a struct or plain value.

    Args:
        value: A ``Quiet`` struct, or lists, ints, bytes, strings of such.

    Returns:
        The one canonical encoding: shortest integers and length prefixes.
    """
    return _ENCODER.encode(value)


def unpack(data: bytes, decoder: msgspec.msgpack.Decoder[T], limit_bytes: int) -> T:
    """Decode bytes from outside.

    Args:
        data: Hostile bytes of any length.
        decoder: For the expected type; made once, where the type is defined.
        limit_bytes: Checked before anything is parsed.

    Returns:
        The value.

    Raises:
        RemoteError: Too long, not of the expected type, or not in canonical form.
    """
    if len(data) > limit_bytes:
        raise RemoteError("too long")
    try:
        value = decoder.decode(data)
        again = _ENCODER.encode(value)
    except _DECODE_ERRORS:
        raise RemoteError("malformed") from None
    if again != data:
        raise RemoteError("not canonical")
    return value
