"""The group key and sealed frames (protocol.md, sections 7 and 8; RFC 9605)."""

import os
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.second.kit import blake, hkdf

HEADER_BYTES = 9


class GroupKeys:
    """Secrets of epochs, each at the step at which it came."""

    def __init__(self) -> None:
        self._held: dict[bytes, tuple[int, bytes]] = {}
        self.passes: dict[bytes, bytes] = {}
        self.heads: tuple[bytes, ...] = ()
        self._frontiers: dict[int, tuple[bytes, ...]] = {}

    def turn(self, heads: tuple[bytes, ...]) -> None:
        """Seals under these from now on; what comes under those before is still opened."""
        self.heads = tuple(sorted(heads))
        self._frontiers[self.tag()] = self.heads

    def put(self, epoch: bytes, step: int, secret: bytes, pass_: bytes) -> None:
        self._held[epoch] = (step, secret)
        self.passes[epoch] = pass_

    def has(self, epoch: bytes) -> bool:
        return epoch in self._held

    def secret(self, epoch: bytes, step: int) -> bytes:
        at, secret = self._held[epoch]
        if step < at:
            raise KeyError("before it came")
        for _ in range(step - at):
            secret = hkdf(secret, b"step")
        return secret

    def tag(self) -> int:
        return int.from_bytes(blake(b"".join(self.heads), 32), "big") >> 14

    def room_key(self, step: int, tag: int | None = None) -> bytes:
        """Of the present frontier, or of the one with this tag."""
        heads = self._frontiers[self.tag() if tag is None else tag]
        secrets = sorted(self.secret(epoch, step) for epoch in heads)
        return hkdf(b"".join(secrets), b"room" + step.to_bytes(8, "big"))

    def base_key(self, step: int, member: bytes, tag: int | None = None) -> bytes:
        return hkdf(self.room_key(step, tag), b"sframe" + member)

    def seal(
        self,
        slot: int,
        step: int,
        member: bytes,
        ctr: int,
        payload: bytes,
        filler: bytes = b"",
    ) -> bytes:
        kid = slot << 26 | self.tag() << 8 | step & 0xFF
        header = b"\xbb" + kid.to_bytes(4, "big") + ctr.to_bytes(4, "big")
        key, nonce = self._sframe(self.base_key(step, member), kid, ctr)
        plain = payload + (filler or os.urandom(12)) + b"\0"
        return header + AESGCM(key).encrypt(nonce, plain, header)

    def open(self, frame: bytes, step: int, slots: Mapping[int, bytes]) -> bytes:
        """The payload; raises KeyError, ValueError or InvalidTag."""
        kid, ctr = int.from_bytes(frame[1:5], "big"), int.from_bytes(frame[5:9], "big")
        if frame[0] != 0xBB:
            raise ValueError("not a frame")
        (at,) = [
            near for near in (step - 1, step, step + 1) if near >= 0 and near & 255 == kid & 255
        ]
        base = self.base_key(at, slots[kid >> 26], kid >> 8 & 0x3FFFF)
        key, nonce = self._sframe(base, kid, ctr)
        plain = AESGCM(key).decrypt(nonce, frame[HEADER_BYTES:], frame[:HEADER_BYTES])
        if plain[-1] != 0:
            raise ValueError("another type of trailer")
        return plain[:-13]

    @staticmethod
    def _sframe(base: bytes, kid: int, ctr: int) -> tuple[bytes, bytes]:
        ends = kid.to_bytes(8, "big") + (4).to_bytes(2, "big")
        key = hkdf(base, b"SFrame 1.0 Secret key " + ends, 16)
        salt = hkdf(base, b"SFrame 1.0 Secret salt " + ends, 12)
        return key, (int.from_bytes(salt, "big") ^ ctr).to_bytes(12, "big")
