"""CipherState and SymmetricState of the Noise Protocol Framework (revision 34, §5.1 and §5.2)."""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto.errors import LocalError, RemoteError

TAG_BYTES = 16
_KEY_BYTES = 32
_REKEY_NONCE = 2**64 - 1  # reserved for rekeying by rev 34 §5.1; never used for a message


class CipherState:
    """A ChaCha20-Poly1305 key and its nonce counter; without a key it passes bytes through.

    Attributes:
        nonce: Counter of the next message, 64 bit.
    """

    __slots__ = ("_aead", "nonce")

    def __init__(self, key: bytes | bytearray | None = None) -> None:
        """Start with a 32-byte secret ``key``, or with none, at nonce 0."""
        self._aead = None if key is None else ChaCha20Poly1305(key)
        self.nonce = 0

    @property
    def has_key(self) -> bool:
        """Whether messages are encrypted at all."""
        return self._aead is not None

    def copy(self) -> "CipherState":
        """Make an independent counter over the same key."""
        other = CipherState()
        other._aead = self._aead
        other.nonce = self.nonce
        return other

    def encrypt_with_ad(self, ad: bytes, plaintext: bytes) -> bytes:
        """Encrypt and count on.

        Raises:
            LocalError: All 2^64 - 1 nonces are used up.
        """
        if self._aead is None:
            return plaintext
        if self.nonce >= _REKEY_NONCE:
            raise LocalError("Noise nonces are used up")
        sealed = self._aead.encrypt(_nonce_bytes(self.nonce), plaintext, ad)
        self.nonce += 1
        return sealed

    def decrypt_with_ad(self, ad: bytes, sealed: bytes) -> bytes:
        """Decrypt and count on; the counter stands still when the bytes are refused.

        Raises:
            RemoteError: The bytes are not authentic, or all nonces are used up.
        """
        if self._aead is None:
            return sealed
        if self.nonce >= _REKEY_NONCE:
            raise RemoteError("Noise nonces are used up")
        try:
            plaintext = self._aead.decrypt(_nonce_bytes(self.nonce), sealed, ad)
        except InvalidTag:
            raise RemoteError("Noise ciphertext is not authentic") from None
        self.nonce += 1
        return plaintext

    def rekey(self) -> None:
        """Replace the key by one derived from it (rev 34 §4.2); the counter goes on.

        Raises:
            LocalError: There is no key.
        """
        if self._aead is None:
            raise LocalError("no Noise key to replace")
        key = self._aead.encrypt(_nonce_bytes(_REKEY_NONCE), bytes(_KEY_BYTES), b"")
        self._aead = ChaCha20Poly1305(key[:_KEY_BYTES])

    def erase(self) -> None:
        """Forget the key; the library clears its copy with the last reference."""
        self._aead = None


class SymmetricState:
    """Chaining key, transcript hash and the cipher of the moment.

    Attributes:
        hash: Transcript hash ``h``, not secret once the handshake is over.
        cipher: Cipher of the handshake payloads.
    """

    __slots__ = ("_chaining_key", "_hash_name", "cipher", "hash")

    def __init__(self, protocol_name: str, hash_name: str) -> None:
        """InitializeSymmetric: both values start from the protocol name."""
        name = protocol_name.encode("ascii")
        size = hashlib.new(hash_name).digest_size
        self._hash_name = hash_name
        self.hash = name.ljust(size, b"\0") if len(name) <= size else self._digest(name)
        self._chaining_key = bytearray(self.hash)
        self.cipher = CipherState()

    def copy(self) -> "SymmetricState":
        """Make an independent copy, to go back to when a message turns out to be forged."""
        other = object.__new__(SymmetricState)
        other._hash_name = self._hash_name
        other.hash = self.hash
        other._chaining_key = bytearray(self._chaining_key)
        other.cipher = self.cipher.copy()
        return other

    def mix_key(self, key_material: bytes | bytearray) -> None:
        """Take secret ``key_material`` into the chaining key and change the cipher key."""
        (key,) = self._chain(key_material, 2)
        self.cipher = CipherState(key[:_KEY_BYTES])

    def mix_hash(self, data: bytes) -> None:
        """Take ``data`` into the transcript hash."""
        self.hash = self._digest(self.hash + data)

    def mix_key_and_hash(self, key_material: bytes | bytearray) -> None:
        """Take a pre-shared key into everything (rev 34 §9.2)."""
        for_hash, key = self._chain(key_material, 3)
        self.mix_hash(for_hash)
        self.cipher = CipherState(key[:_KEY_BYTES])

    def encrypt_and_hash(self, plaintext: bytes) -> bytes:
        """Encrypt under the transcript so far and take the result into it."""
        sealed = self.cipher.encrypt_with_ad(self.hash, plaintext)
        self.mix_hash(sealed)
        return sealed

    def decrypt_and_hash(self, sealed: bytes) -> bytes:
        """Undo ``encrypt_and_hash``; raises RemoteError when the bytes are not authentic."""
        plaintext = self.cipher.decrypt_with_ad(self.hash, sealed)
        self.mix_hash(sealed)
        return plaintext

    def split(self) -> tuple[CipherState, CipherState]:
        """End the handshake: the cipher initiator to responder, and the one back."""
        first, second = _hkdf(self._hash_name, self._chaining_key, b"", 2)
        return CipherState(first[:_KEY_BYTES]), CipherState(second[:_KEY_BYTES])

    def erase(self) -> None:
        """Zero the chaining key and forget the cipher."""
        self._chaining_key[:] = bytes(len(self._chaining_key))
        self.cipher.erase()

    def _chain(self, key_material: bytes | bytearray, outputs: int) -> list[bytes]:
        first, *rest = _hkdf(self._hash_name, self._chaining_key, key_material, outputs)
        self._chaining_key[:] = first
        return rest

    def _digest(self, data: bytes) -> bytes:
        return hashlib.new(self._hash_name, data).digest()


def _hkdf(hash_name: str, key: bytearray, material: bytes | bytearray, outputs: int) -> list[bytes]:
    """Noise's own HKDF: two or three outputs of one hash length each (rev 34 §4.3)."""
    temporary = hmac.digest(key, material, hash_name)
    blocks: list[bytes] = []
    last = b""
    for number in range(1, outputs + 1):
        last = hmac.digest(temporary, last + bytes((number,)), hash_name)
        blocks.append(last)
    return blocks


def _nonce_bytes(nonce: int) -> bytes:
    return bytes(4) + nonce.to_bytes(8, "little")
