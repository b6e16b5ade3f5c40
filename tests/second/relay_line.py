"""A relay as people write it (protocol.md, section 9)."""

import base64
from typing import NamedTuple

from tests.second.kit import blake


class RelayLine(NamedTuple):
    address: tuple[str, int]
    dh: bytes

    @classmethod
    def parse(cls, line: str) -> "RelayLine":
        where, _, rest = line.strip().partition("#")
        ip, _, port = where.rpartition(":")
        dh = base64.b32decode(rest[:52].upper() + "====")
        sum_ = blake(dh + where.encode(), 40, b"teahouse line")
        if rest[52:] and rest[52:] != base64.b32encode(sum_).decode().lower()[:4]:
            raise ValueError("mistyped")
        return cls((ip.strip("[]"), int(port)), dh)
