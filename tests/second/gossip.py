"""What members tell each other through a relay (protocol.md, section 5, "Gossip blob")."""

import os
from typing import Any

from tests.second.frames import GroupKeys
from tests.second.kit import hkdf, seal, unseal
from tests.second.records import pack, unpack

SIZES = (256, 1_024, 4_096, 12_288, 14_000)
HEAD_BYTES, NONCE_BYTES, TAG_BYTES = 7, 24, 16


class Gossip:
    def __init__(self, keys: GroupKeys, room: bytes) -> None:
        self._keys, self._room = keys, room

    def seal(self, step: int, frm: bytes, to: bytes, *message: object) -> bytes:
        data = pack([*message])
        plain = len(data).to_bytes(2, "big") + data
        plain = plain.ljust(min(size for size in SIZES if size >= len(plain)), b"\0")
        head = self._keys.tag().to_bytes(3, "big") + step.to_bytes(4, "big")
        key, nonce = self._key(step, self._keys.tag()), os.urandom(NONCE_BYTES)
        return head + nonce + seal(key, nonce, head + self._room + frm + to, plain)

    def open(self, blob: bytes, frm: bytes, to: bytes) -> Any:
        """The message; raises KeyError, ValueError or CryptoError for what is not ours to read."""
        head, nonce = blob[:HEAD_BYTES], blob[HEAD_BYTES : HEAD_BYTES + NONCE_BYTES]
        key = self._key(int.from_bytes(head[3:], "big"), int.from_bytes(head[:3], "big"))
        plain = unseal(key, nonce, head + self._room + frm + to, blob[HEAD_BYTES + NONCE_BYTES :])
        return unpack(plain[2 : 2 + int.from_bytes(plain[:2], "big")])

    def _key(self, step: int, tag: int) -> bytes:
        return hkdf(self._keys.room_key(step, tag), b"gossip")
