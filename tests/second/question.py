"""KNOCK and HELLO, and what answers them (protocol.md, section 3)."""

import hashlib
import os
from typing import Any

from tests.second.kit import hkdf
from tests.second.noise import Asker
from tests.second.records import pack, unpack

KNOCK, WELCOME, HELLO, HELLO_ACK = 0xC0, 0xC1, 0xC2, 0xC3
VERSION = 4


def _mac(key: bytes, data: bytes) -> bytes:
    return hashlib.blake2s(data, digest_size=16, key=key).digest()


class Question:
    """One KNOCK or HELLO under way. Its datagram is ``data``."""

    def __init__(
        self,
        kind: int,
        psk: bytes,
        static: bytes,
        responder: bytes,
        body: bytes,
        ephemeral: bytes = b"",
    ) -> None:
        name = b"knock" if kind == KNOCK else b"hello"
        prologue = b"teahouse" + bytes((VERSION,)) + name
        self.noise = Asker(prologue, psk, static, ephemeral or os.urandom(32), responder)
        self._kind = bytes((kind,))
        payload = (len(body).to_bytes(2, "big") + body).ljust(383, b"\0")
        self._message = self.noise.write(payload)
        self._mac1 = _mac(hkdf(psk, b"mac1" + responder), self._kind + self._message)
        self.data = self._kind + self._mac1 + bytes(16) + self._message

    @property
    def tag(self) -> bytes:
        return self._message[:8]

    def with_cookie(self, cookie: bytes) -> bytes:
        mac2 = _mac(cookie, self._kind + self._mac1 + self._message)
        return self._kind + self._mac1 + mac2 + self._message

    def answered(self, data: bytes) -> Any:
        """The record in a WELCOME or HELLO-ACK."""
        plain = self.noise.read(data[9:])
        record = unpack(plain[2 : 2 + int.from_bytes(plain[:2], "big")])
        assert record[0] == VERSION
        return record


def body_of(*fields: object) -> bytes:
    return pack([VERSION, *fields])
