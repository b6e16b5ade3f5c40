"""Crockford's base 32, upper case: digits and letters that are hard to confuse.

There is no I, L, O or U; readers take I and L for 1 and O for 0
(https://www.crockford.com/base32.html).
"""

from collections.abc import Iterable

from crypto.errors import RemoteError

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BITS = 5
_VALUES = {symbol: value for value, symbol in enumerate(SYMBOLS)} | {"O": 0, "I": 1, "L": 1}


def value_of(letter: str) -> int | None:
    """Read one upper-case letter or digit as 0 to 31; ``None`` if it is no symbol."""
    return _VALUES.get(letter)


def text_of(values: Iterable[int]) -> str:
    """Write values 0 to 31 as symbols."""
    return "".join(SYMBOLS[value] for value in values)


def encode(data: bytes) -> str:
    """Write bytes as symbols, most significant bit first, zero bits at the end."""
    length = -(-len(data) * 8 // BITS)
    number = int.from_bytes(data, "big") << (length * BITS - len(data) * 8)
    return text_of(number >> BITS * i & 31 for i in reversed(range(length)))


def decode(text: str) -> bytes:
    """Read upper-case symbols back to bytes.

    Raises:
        RemoteError: A letter is no symbol, or the bits at the end are not those that
            ``encode`` leaves (so a text has one spelling, up to I, L and O).
    """
    number = 0
    for letter in text:
        value = value_of(letter)
        if value is None:
            raise RemoteError("not base 32")
        number = number << BITS | value
    length, spare = divmod(len(text) * BITS, 8)
    if spare >= BITS or number & ((1 << spare) - 1):
        raise RemoteError("base 32 has stray bits at its end")
    return (number >> spare).to_bytes(length, "big")
