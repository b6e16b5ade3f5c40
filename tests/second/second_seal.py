"""The second seal of a line between members (protocol.md, section 5, "The second seal")."""

from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from tests.second.kit import hkdf
from tests.second.records import pack, unpack


class Bare(Protocol):
    """What it is on: bytes both ways, whole and in order."""

    def send_data(self, data: bytes) -> None: ...

    async def receive_data(self) -> bytes: ...


class Sealed:
    """Our end of a line that we asked for; ``tie`` names it."""

    def __init__(self, bare: Bare, key: bytes, tie: bytes) -> None:
        self._bare = bare
        shared, self._first = MLKEM768PublicKey.from_public_bytes(key).encapsulate()
        bound = tie + key + self._first
        self._out = ChaCha20Poly1305(hkdf(shared, b"line/ask/" + bound))
        self._in = ChaCha20Poly1305(hkdf(shared, b"line/answer/" + bound))
        self._sent = self._taken = 0

    @classmethod
    async def begin(cls, bare: Bare, tie: bytes) -> "Sealed":
        return cls(bare, await bare.receive_data(), tie)

    def send(self, tag: int, *fields: object) -> None:
        nonce = self._sent.to_bytes(12, "big")
        self._sent += 1
        sealed = self._out.encrypt(nonce, pack([tag, *fields]), None)
        self._bare.send_data(self._first + sealed)
        self._first = b""

    async def receive(self) -> Any:
        nonce = self._taken.to_bytes(12, "big")
        self._taken += 1
        return unpack(self._in.decrypt(nonce, await self._bare.receive_data(), None))
