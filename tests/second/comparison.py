"""Words to compare by voice with one member (protocol.md, section 7)."""

import os
from typing import NamedTuple

from tests.second.frames import GroupKeys
from tests.second.invite import SYMBOLS
from tests.second.kit import blake, hkdf

COMMIT, NONCE, REVEAL = 0, 1, 2
Part = tuple[int, bytes]


class Party(NamedTuple):
    member: bytes
    sign: bytes
    dh: bytes


class Comparison:
    """``begin`` and then ``take`` give what to say; ``code`` is there at the end."""

    def __init__(self, me: Party, other: Party, keys: GroupKeys, room: bytes) -> None:
        self._me, self._other, self._keys, self._room = me, other, keys, room
        self._nonce = os.urandom(32)
        self._theirs, self._step = b"", 0
        self.code = ""

    @property
    def _is_first(self) -> bool:
        return self._me.member < self._other.member

    @property
    def _frontier(self) -> bytes:
        return blake(b"".join(self._keys.heads), 128)

    def begin(self, step: int) -> Part:
        if self._is_first:
            self._step = step
        return COMMIT, self._commit + step.to_bytes(4, "big") + self._frontier

    @property
    def _commit(self) -> bytes:
        return blake(self._nonce, 256, b"teahouse/sas")

    def take(self, kind: int, data: bytes) -> Part | None:
        match kind:
            case 0 if self._is_first and not self.code:
                return self.begin(self._step)
            case 0 if not self._is_first and data[36:] == self._frontier:
                self._theirs, self._step = data[:32], int.from_bytes(data[32:36], "big")
                return NONCE, self._nonce + self._theirs[:16]
            case 1 if self._is_first and data[32:] == self._commit[:16]:
                self._show(self._nonce + data[:32])
                return REVEAL, self._nonce
            case 2 if not self._is_first and blake(data, 256, b"teahouse/sas") == self._theirs:
                self._show(data + self._nonce)
        return None

    def _show(self, nonces: bytes) -> None:
        first, second = sorted((self._me, self._other))
        authenticator = hkdf(self._keys.room_key(self._step), b"sas")
        told = self._room + b"".join((*first, *second)) + nonces
        number = int.from_bytes(hkdf(authenticator, b"sas code/" + told, 5), "big") >> 10
        self.code = "".join(SYMBOLS[number >> 5 * place & 31] for place in reversed(range(6)))
