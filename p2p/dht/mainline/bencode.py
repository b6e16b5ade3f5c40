"""Bencoding (BEP 3), strict: one way to write each value, and nothing deep or long."""

from crypto.errors import LocalError, RemoteError

Value = int | bytes | list["Value"] | dict[bytes, "Value"]

MAX_BYTES = 1500
"""Of a whole message: what a datagram can hold."""
MAX_DEPTH = 5
"""Lists and dictionaries inside each other; a message of the DHT has three."""
_INT_MIN, _INT_MAX = -(1 << 63), (1 << 63) - 1
_INT_DIGITS = 19
_DIGITS = frozenset(b"0123456789")
_END, _LIST, _DICT, _INT = b"eldi"


def encode(value: Value) -> bytes:
    """Write a value.

    Raises:
        LocalError: A number that takes more than 64 bits.
    """
    if isinstance(value, int):
        if not _INT_MIN <= value <= _INT_MAX:
            raise LocalError("number of more than 64 bits")
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:%b" % (len(value), value)
    if isinstance(value, list):
        return b"l%be" % b"".join(map(encode, value))
    return b"d%be" % b"".join(encode(key) + encode(value[key]) for key in sorted(value))


def decode(data: bytes) -> Value:
    """Read foreign bytes that are one value and nothing more.

    Raises:
        RemoteError: They are not bencoding, or not as ``encode`` would write it: keys that are
            doubled or out of order, numbers with zeros in front, something behind the end; or they
            are longer than 1,500 bytes or deeper than 5.
    """
    if len(data) > MAX_BYTES:
        raise RemoteError("message is too long")
    value, end = _value(data, 0, 0)
    if end != len(data):
        raise RemoteError("something behind the end")
    return value


def _value(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    first = _byte(data, at)
    if first in _DIGITS:
        return _string(data, at)
    if first == _INT:
        number, end = _number(data, at + 1, b"e")
        return number, end
    if first not in (_LIST, _DICT) or depth >= MAX_DEPTH:
        raise RemoteError("no value, or one too deep")
    return (_list if first == _LIST else _dict)(data, at + 1, depth + 1)


def _list(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    values: list[Value] = []
    while _byte(data, at) != _END:
        value, at = _value(data, at, depth)
        values.append(value)
    return values, at + 1


def _dict(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    values: dict[bytes, Value] = {}
    last: bytes | None = None
    while _byte(data, at) != _END:
        key, at = _string(data, at)
        if last is not None and key <= last:
            raise RemoteError("keys out of order")
        values[key], at = _value(data, at, depth)
        last = key
    return values, at + 1


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = _number(data, at, b":")
    if length < 0 or at + length > len(data):
        raise RemoteError("string without an end")
    return data[at : at + length], at + length


def _number(data: bytes, at: int, ends_with: bytes) -> tuple[int, int]:
    end = data.find(ends_with, at, at + _INT_DIGITS + 2)
    text = data[at:end]
    digits = text.removeprefix(b"-")
    if end < 0 or not digits or not _DIGITS.issuperset(digits):
        raise RemoteError("no number")
    number = int(text)
    if b"%d" % number != text or not _INT_MIN <= number <= _INT_MAX:
        raise RemoteError("number written in another way, or too large")
    return number, end + 1


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise RemoteError("value without an end")
    return data[at]
