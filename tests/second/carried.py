"""A line through a relay, end to end with a door (protocol.md, section 5, "Carried line")."""

import asyncio
from collections.abc import Callable
from typing import Any

from tests.second.noise import Cipher
from tests.second.records import pack, unpack

PIECE_TYPE = 0xC8
PART_BYTES = 1_024
MORE = 0x8000


class CarriedLine:
    """``carry`` takes pieces towards the door; ``messages`` are records from it."""

    def __init__(
        self, ciphers: tuple[Cipher, Cipher], tag: bytes, carry: Callable[[bytes], None]
    ) -> None:
        self._out, self._in = ciphers
        self._head, self._carry = bytes((PIECE_TYPE,)) + tag, carry
        self._parts = b""
        self.messages: asyncio.Queue[Any] = asyncio.Queue()

    def send(self, tag: int, *fields: object) -> None:
        data = pack([tag, *fields])
        for at in range(0, len(data), PART_BYTES):
            part = data[at : at + PART_BYTES]
            more = MORE if at + PART_BYTES < len(data) else 0
            plain = (len(part) | more).to_bytes(2, "big") + part.ljust(PART_BYTES, b"\0")
            self._carry(self._head + self._out.seal(plain))

    def take(self, piece: bytes) -> None:
        if piece[:9] != self._head:
            return
        plain = self._in.open(piece[9:])
        length = int.from_bytes(plain[:2], "big")
        self._parts += plain[2 : 2 + (length & ~MORE)]
        if not length & MORE:
            self.messages.put_nowait(unpack(self._parts))
            self._parts = b""
