"""SRTP with AEAD_AES_256_GCM, for the one stream of a link in each direction.

libsrtp opens what comes. What goes out is sealed here, because a relay does that fifty times a
second for each of a thousand links: from a key of 32 bytes, without a session of libsrtp whose
parts are scattered over memory and never in the cache when their turn comes. Every packet is
sealed under the number that its ``Packetizer`` gave it, so no two of a link share a nonce,
whoever made them.
"""

from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from p2p.link.rtp import FIRST_SEQ, Packetizer

KEY_BYTES = 32
SALT_BYTES = 12
MASTER_BYTES = KEY_BYTES + SALT_BYTES
TAG_BYTES = 16

_LABEL_KEY = 0
_LABEL_SALT = 2


class Opener(Protocol):
    """The opening half of SRTP (RFC 3711)."""

    def unprotect(self, packet: bytes) -> bytes:
        """Opens a packet, or raises ``pylibsrtp.Error``; a repeat is refused as well."""
        ...


class SealKey:
    """What seals one direction of a link.

    Args:
        master: Master key and master salt as DTLS agreed on them (RFC 7714 §12), 44 bytes. Secret.

    Attributes:
        key: Session key, 32 bytes. Secret.
        salt: Session salt, 12 bytes. Secret.
    """

    __slots__ = ("_aead", "key", "salt")

    def __init__(self, master: bytes) -> None:
        self.key = _derive(master, _LABEL_KEY, KEY_BYTES)
        self.salt = _derive(master, _LABEL_SALT, SALT_BYTES)
        self._aead = AESGCM(self.key)

    def seal(self, frame: bytes, packetizer: Packetizer) -> bytes:
        """Makes the next SRTP packet of a stream.

        Args:
            frame: 1 to 1,200 bytes.
            packetizer: Of the only stream that this key seals.
        """
        number, header = packetizer.header()
        nonce = nonce_of(self.salt, packetizer.ssrc, FIRST_SEQ + number)
        return header + self._aead.encrypt(nonce, frame, header)


def nonce_of(salt: bytes, ssrc: int, index: int) -> bytes:
    """The initialization vector of a packet, 12 bytes (RFC 7714 §8.1).

    Args:
        salt: Session salt.
        ssrc: Source.
        index: Turns of the sequence number and the number itself, 48 bit.
    """
    plain = ssrc << 48 | index
    return (plain ^ int.from_bytes(salt, "big")).to_bytes(SALT_BYTES, "big")


def _derive(master: bytes, label: int, size: int) -> bytes:
    """A session key or salt (RFC 3711 §4.3.1 with AES-256; the salt is filled up: RFC 7714 §11)."""
    salt = int.from_bytes(master[KEY_BYTES:] + bytes(2), "big") ^ label << 48
    stream = Cipher(AES(master[:KEY_BYTES]), CTR(salt.to_bytes(14, "big") + bytes(2))).encryptor()
    return stream.update(bytes(size))
