"""The long invite (protocol.md, section 2)."""

from typing import NamedTuple

from tests.second.kit import blake
from tests.second.records import unpack
from tests.second.words import RoomKey

PREFIX, KEY_CHARACTERS, CHECK_BYTES = "TEAHOUSE:", 33, 4
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DOOR = 0


class Contact(NamedTuple):
    kind: int
    dh: bytes
    address: tuple[str, int]


class Invite(NamedTuple):
    key: RoomKey
    contacts: list[Contact]
    ticket: bytes

    @classmethod
    def parse(cls, text: str) -> "Invite":
        """Raises ValueError for what is damaged."""
        symbols = [SYMBOLS.index(each) for each in text.removeprefix(PREFIX)]
        key = RoomKey.of_symbols(symbols[:KEY_CHARACTERS], 5)
        rest = symbols[KEY_CHARACTERS:]
        number = sum(value << 5 * place for place, value in enumerate(reversed(rest)))
        length = 5 * len(rest) // 8
        data = (number >> 5 * len(rest) - 8 * length).to_bytes(length, "big")
        record, check = data[:-CHECK_BYTES], data[-CHECK_BYTES:]
        if blake(key.s + record, 32, b"teahouse/invite") != check:
            raise ValueError("damaged")
        contacts, ticket = unpack(record)
        return cls(key, [cls._contact(*each) for each in contacts], ticket or b"")

    @staticmethod
    def _contact(kind: int, dh: bytes, endpoint: bytes) -> Contact:
        if len(endpoint) != 6:
            raise ValueError("this client knows IPv4 only")
        ip = ".".join(str(byte) for byte in endpoint[:4])
        return Contact(kind, dh, (ip, int.from_bytes(endpoint[4:], "big")))
