"""Noise_IKpsk1_25519_ChaChaPoly_BLAKE2s, the asking end (Noise rev. 34)."""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from tests.second.kit import dh, dh_public

NAME = b"Noise_IKpsk1_25519_ChaChaPoly_BLAKE2s"


def _hash(data: bytes) -> bytes:
    return hashlib.blake2s(data).digest()


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.blake2s).digest()


def _keys(chain: bytes, data: bytes, count: int) -> list[bytes]:
    temp, found = _hmac(chain, data), [b""]
    for n in range(1, count + 1):
        found.append(_hmac(temp, found[-1] + bytes((n,))))
    return found[1:]


class Cipher:
    def __init__(self, key: bytes) -> None:
        self._aead, self._n = ChaCha20Poly1305(key), 0

    def _nonce(self) -> bytes:
        self._n += 1
        return bytes(4) + (self._n - 1).to_bytes(8, "little")

    def seal(self, plain: bytes, aad: bytes = b"") -> bytes:
        return self._aead.encrypt(self._nonce(), plain, aad)

    def open(self, sealed: bytes, aad: bytes = b"") -> bytes:
        return self._aead.decrypt(self._nonce(), sealed, aad)


class Asker:
    """Writes message 1, reads message 2."""

    def __init__(
        self, prologue: bytes, psk: bytes, static: bytes, ephemeral: bytes, responder: bytes
    ) -> None:
        self._psk, self._s, self._e, self._rs = psk, static, ephemeral, responder
        self.h = self._ck = _hash(NAME) if len(NAME) > 32 else NAME.ljust(32, b"\0")
        self._cipher: Cipher | None = None
        self._mix_hash(prologue)
        self._mix_hash(responder)

    def _mix_hash(self, data: bytes) -> None:
        self.h = _hash(self.h + data)

    def _mix_key(self, data: bytes) -> None:
        self._ck, key = _keys(self._ck, data, 2)
        self._cipher = Cipher(key)

    def _seal(self, plain: bytes) -> bytes:
        assert self._cipher
        sealed = self._cipher.seal(plain, self.h)
        self._mix_hash(sealed)
        return sealed

    def write(self, payload: bytes) -> bytes:
        e = dh_public(self._e)
        self._mix_hash(e)
        self._mix_key(e)  # since there is a psk
        self._mix_key(dh(self._e, self._rs))
        s = self._seal(dh_public(self._s))
        self._mix_key(dh(self._s, self._rs))
        self._ck, mixed, key = _keys(self._ck, self._psk, 3)
        self._mix_hash(mixed)
        self._cipher = Cipher(key)
        return e + s + self._seal(payload)

    def read(self, message: bytes) -> bytes:
        e, sealed = message[:32], message[32:]
        self._mix_hash(e)
        self._mix_key(e)
        self._mix_key(dh(self._e, e))
        self._mix_key(dh(self._s, e))
        assert self._cipher
        plain = self._cipher.open(sealed, self.h)
        self._mix_hash(sealed)
        return plain

    def split(self) -> tuple[Cipher, Cipher]:
        """What seals to the responder, what opens what comes from it."""
        ours, theirs = _keys(self._ck, b"", 2)
        return Cipher(ours), Cipher(theirs)
