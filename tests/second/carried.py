"""A line through a relay, end to end with a door (protocol.md, section 5, "Carried line")."""

from tests.second.line import Line
from tests.second.noise import Cipher
from tests.second.records import CARRY_DOOR

PIECE_TYPE = 0xC8
PART_BYTES = 1_024
MORE = 0x8000


class CarriedLine:
    """To a door that the relay at the other end of ``carrier`` knows by ``handle``."""

    def __init__(
        self, ciphers: tuple[Cipher, Cipher], tag: bytes, carrier: Line, handle: bytes
    ) -> None:
        self._out, self._in = ciphers
        self._head = bytes((PIECE_TYPE,)) + tag
        self._carrier, self._handle = carrier, handle

    def send_data(self, data: bytes) -> None:
        for at in range(0, len(data), PART_BYTES):
            part = data[at : at + PART_BYTES]
            more = MORE if at + PART_BYTES < len(data) else 0
            plain = (len(part) | more).to_bytes(2, "big") + part.ljust(PART_BYTES, b"\0")
            self._carrier.send(CARRY_DOOR, self._handle, self._head + self._out.seal(plain))

    async def receive_data(self) -> bytes:
        """The next one; what else the carrier says is lost."""
        data, more = b"", True
        while more:
            match await self._carrier.receive():
                case [int(tag), bytes(handle), bytes(piece)] if (tag, handle, piece[:9]) == (
                    CARRY_DOOR,
                    self._handle,
                    self._head,
                ):
                    plain = self._in.open(piece[9:])
                    length = int.from_bytes(plain[:2], "big")
                    data += plain[2 : 2 + (length & ~MORE)]
                    more = bool(length & MORE)
        return data
