"""Hashes and seals under short names (protocol.md, head and section 1)."""

import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl import bindings


def hkdf(key: bytes, label: bytes, length: int = 32) -> bytes:
    return HKDF(hashes.SHA256(), length, None, label).derive(key)


def blake(data: bytes, bits: int, person: bytes = b"") -> bytes:
    return hashlib.blake2b(data, digest_size=bits // 8, person=person).digest()


def seal(key: bytes, nonce: bytes, aad: bytes, plain: bytes) -> bytes:
    return bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, aad, nonce, key)


def unseal(key: bytes, nonce: bytes, aad: bytes, sealed: bytes) -> bytes:
    return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, aad, nonce, key)


def dh_public(secret: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def dh(secret: bytes, public: bytes) -> bytes:
    theirs = X25519PublicKey.from_public_bytes(public)
    return X25519PrivateKey.from_private_bytes(secret).exchange(theirs)


def sign_public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, context: bytes, data: bytes) -> bytes:
    text = b"teahouse/1/" + context + b"\0" + data
    return Ed25519PrivateKey.from_private_bytes(seed).sign(text)


def verify(public: bytes, context: bytes, data: bytes, signature: bytes) -> None:
    """Raises InvalidSignature."""
    text = b"teahouse/1/" + context + b"\0" + data
    Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
