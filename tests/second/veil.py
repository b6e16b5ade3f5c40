"""What covers a datagram for its receiver (protocol.md, section 3)."""

import os

from nacl.bindings import crypto_shorthash_siphashx24
from nacl.exceptions import CryptoError

from tests.second.kit import blake, seal, unseal

QUESTIONS = (0xC0, 0xC2)


class Veil:
    def __init__(self, receiver: bytes) -> None:
        keys = blake(receiver, 384, b"teahouse veil")
        self._mask_key, self._seal_key = keys[:16], keys[16:]

    def mask(self, packet: bytes) -> bytes:
        mask = crypto_shorthash_siphashx24(packet[12:28], self._mask_key)
        return bytes(a ^ b for a, b in zip(packet[:12], mask, strict=False)) + packet[12:]

    def cover(self, datagram: bytes) -> bytes:
        if 128 <= datagram[0] <= 191:
            return self.mask(datagram)
        least = 24 + 2 + len(datagram) + 16
        if datagram[0] in QUESTIONS and not any(datagram[17:33]):
            length = 720 + os.urandom(1)[0] % 128
        else:
            length = least if not 720 <= least < 848 else 848
        plain = len(datagram).to_bytes(2, "big") + datagram
        nonce = b"tea4u&" + os.urandom(18)  # who wants to pass for somebody else takes other ones
        return nonce + seal(self._seal_key, nonce, b"", plain.ljust(length - 40, b"\0"))

    def lift(self, data: bytes) -> bytes:
        """Empty if it is under no veil of ours."""
        if len(data) > 28 and (packet := self.mask(data))[:2] == b"\x80\x6f":
            return packet
        try:
            plain = unseal(self._seal_key, data[:24], b"", data[24:])
        except (CryptoError, ValueError):
            return b""
        return plain[2 : 2 + int.from_bytes(plain[:2], "big")]
