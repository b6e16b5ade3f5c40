"""The long invite (protocol.md, section 2)."""

import ipaddress
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


def contact(kind: int, dh: bytes, endpoint: bytes) -> Contact:
    """From its record; ``endpoint`` is IP and port in one."""
    ip, port = ipaddress.ip_address(endpoint[:-2]), int.from_bytes(endpoint[-2:], "big")
    return Contact(kind, dh, (str(ip), port))


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
        return cls(key, [contact(*each) for each in contacts], ticket or b"")
