"""The 165 bits that people see of a room key, and the three numeral systems they are shown in.

From the top: 5 bits version, 128 bits room key, 32 bits checksum. As a number this is
15 digits to base 2,048 (words), 33 to base 32 (one line) or 50 to base 10 (telephone).
The checksum covers version and key, and its formula is the same in every version, so a
newer key can be told from a mistyped one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from crypto.roomkey import ROOM_KEY_BYTES, RoomKey

KEY_VERSION = 1
CHECKSUM_BITS = 32
_VERSION_SHIFT = ROOM_KEY_BYTES * 8 + CHECKSUM_BITS
_CHECKSUM_MASK = (1 << CHECKSUM_BITS) - 1
_BODY_BYTES = 17  # version and key, 133 bits
_PERSON = b"teahouse/check"


@dataclass(frozen=True, slots=True)
class Numerals:
    """A positional numeral system for key codes.

    Attributes:
        form: Name of the form: ``words``, ``line`` or ``digits``.
        base: Number of symbols.
        count: Symbols in one key, most significant first.
    """

    form: str
    base: int
    count: int

    def symbols_of(self, code: int) -> list[int]:
        """Write a code as ``count`` symbols, each 0 to ``base`` - 1."""
        symbols = []
        for _ in range(self.count):
            code, symbol = divmod(code, self.base)
            symbols.append(symbol)
        return symbols[::-1]

    def code_of(self, symbols: Sequence[int]) -> int:
        """Read symbols, most significant first, as a number."""
        code = 0
        for symbol in symbols:
            code = code * self.base + symbol
        return code


WORDS = Numerals("words", 2048, 15)
LINE = Numerals("line", 32, 33)
DIGITS = Numerals("digits", 10, 50)


def code_of(key: RoomKey) -> int:
    """Give the 165-bit number of a room key, as secret as the key."""
    body = (KEY_VERSION << ROOM_KEY_BYTES * 8) | int.from_bytes(key.secret, "big")
    return (body << CHECKSUM_BITS) | _checksum(body)


def key_of(code: int) -> RoomKey:
    """Take the room key out of a code that is ``valid``."""
    secret = (code >> CHECKSUM_BITS) & ((1 << ROOM_KEY_BYTES * 8) - 1)
    return RoomKey(secret.to_bytes(ROOM_KEY_BYTES, "big"))


def fits(code: int) -> bool:
    """Tell whether the checksum is right, whatever the version."""
    return _checksum(code >> CHECKSUM_BITS) == code & _CHECKSUM_MASK


def valid(code: int) -> bool:
    """Tell whether the checksum is right and the version is the one we know."""
    return code >> _VERSION_SHIFT == KEY_VERSION and fits(code)


def _checksum(body: int) -> int:
    hashed = hashlib.blake2b(body.to_bytes(_BODY_BYTES, "big"), digest_size=4, person=_PERSON)
    return int.from_bytes(hashed.digest(), "big")
