"""One end of a link, as it is offered (protocol.md, section 3)."""

import ipaddress
import secrets
import string
from typing import Any, NamedTuple

from tests.second.kit import blake

CHARACTERS = string.ascii_letters + string.digits + "+/"


class Offer(NamedTuple):
    ufrag: str
    pwd: str
    fingerprint: bytes
    candidates: list[Any]

    @classmethod
    def make(cls, fingerprint: bytes, address: tuple[str, int]) -> "Offer":
        ufrag, pwd = ("".join(secrets.choice(CHARACTERS) for _ in range(n)) for n in (8, 22))
        ip = ipaddress.ip_address(address[0]).packed
        return cls(ufrag, pwd, fingerprint, [[ip, address[1], 0]])

    def with_(self, other: "Offer") -> bytes:
        """The tie of the link of these two, 64 bytes."""
        ends = sorted(end.fingerprint + end.ufrag.encode() for end in (self, other))
        return blake(b"".join(ends), 512)

    def ssrc_to(self, other: "Offer") -> int:
        name = f"{self.ufrag}:{other.ufrag}".encode()
        return int.from_bytes(blake(name, 32, b"teahouse-ssrc"), "big")
