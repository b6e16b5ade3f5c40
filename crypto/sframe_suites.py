"""The cipher suites of SFrame (RFC 9605 §4.5) as AEADs with one face.

Suite 4 is the one in use. The others are here because the public vectors cover them and the
number of the suite is bound into every key. Suites 6 to 8 (AES-256 with CTR and HMAC-SHA512) are
not in the RFC but in the vectors of its working group.
"""

import hmac
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crypto.errors import LocalError

NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Suite:
    """Sizes and names of one suite.

    Attributes:
        number: As registered in RFC 9605 §8.1.
        hash_name: Hash of the key derivation and of HMAC, for ``hashlib``.
        cipher_key_bytes: AES key length.
        mac_key_bytes: HMAC key length; 0 for GCM.
        tag_bytes: Length of the authentication tag.
    """

    number: int
    hash_name: str
    cipher_key_bytes: int
    mac_key_bytes: int
    tag_bytes: int

    @property
    def key_bytes(self) -> int:
        """Length of the whole AEAD key, Nk."""
        return self.cipher_key_bytes + self.mac_key_bytes


AES_128_GCM_SHA256_128 = 4
_SUITES = {
    suite.number: suite
    for suite in (
        Suite(1, "sha256", 16, 32, 10),
        Suite(2, "sha256", 16, 32, 8),
        Suite(3, "sha256", 16, 32, 4),
        Suite(AES_128_GCM_SHA256_128, "sha256", 16, 0, 16),
        Suite(5, "sha512", 32, 0, 16),
        Suite(6, "sha512", 32, 64, 10),
        Suite(7, "sha512", 32, 64, 8),
        Suite(8, "sha512", 32, 64, 4),
    )
}


class Aead(Protocol):
    """What every suite can do. ``decrypt`` raises ``InvalidTag``."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Seal ``data``: ciphertext and tag."""
        ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Open what ``encrypt`` made."""
        ...


class CtrHmac:
    """AES-CTR with HMAC over everything (RFC 9605 §4.5.1)."""

    def __init__(self, suite: Suite, key: bytes | bytearray) -> None:
        """Take the two halves of a secret key of ``suite.key_bytes``."""
        self._suite = suite
        self._cipher = algorithms.AES(key[: suite.cipher_key_bytes])
        self._mac_key = key[suite.cipher_key_bytes :]

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Seal ``data``: ciphertext and tag."""
        ciphertext = self._stream(nonce, data)
        return ciphertext + self._tag(nonce, ciphertext, associated_data)

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Open what ``encrypt`` made; raises ``InvalidTag``."""
        split_at = len(data) - self._suite.tag_bytes
        if split_at < 0:
            raise InvalidTag
        ciphertext = data[:split_at]
        if not hmac.compare_digest(self._tag(nonce, ciphertext, associated_data), data[split_at:]):
            raise InvalidTag
        return self._stream(nonce, ciphertext)

    def _stream(self, nonce: bytes, data: bytes) -> bytes:
        encryptor = Cipher(self._cipher, modes.CTR(nonce + bytes(4))).encryptor()
        return encryptor.update(data) + encryptor.finalize()

    def _tag(self, nonce: bytes, ciphertext: bytes, associated_data: bytes) -> bytes:
        lengths = (len(associated_data), len(ciphertext), self._suite.tag_bytes)
        covered = b"".join(length.to_bytes(8, "big") for length in lengths)
        covered += nonce + associated_data + ciphertext
        digest = hmac.digest(self._mac_key, covered, self._suite.hash_name)
        return digest[: self._suite.tag_bytes]


def suite_of(number: int) -> Suite:
    """Look a suite up.

    Raises:
        LocalError: There is no suite of that number.
    """
    if number not in _SUITES:
        raise LocalError("unknown SFrame suite")
    return _SUITES[number]


def aead_of(suite: Suite, key: bytes | bytearray) -> Aead:
    """Make the AEAD of a suite from a secret key of ``suite.key_bytes``."""
    return CtrHmac(suite, key) if suite.mac_key_bytes else AESGCM(key)
