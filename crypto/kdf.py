"""HKDF-SHA256: the one way in which a key is made from another key here."""

import hmac

from crypto.errors import LocalError

HASH_BYTES = 32
MAX_OUTPUT_BYTES = 255 * HASH_BYTES

Secret = bytes | bytearray


def hkdf(secret: Secret, info: bytes, length: int = 32, salt: bytes = b"") -> bytes:
    """Derive a key with HKDF-SHA256 (RFC 5869, extract and expand).

    Args:
        secret: Input key material, secret. A ``bytearray`` is not copied into ``bytes``.
        info: Label that separates this use of the secret from all others.
        length: Wanted bytes, 1 to 8,160.
        salt: Not secret; empty stands for 32 zero bytes.

    Returns:
        ``length`` bytes, secret.

    Raises:
        LocalError: ``length`` is out of range.
    """
    return hkdf_expand(hkdf_extract(salt, secret), info, length)


def hkdf_extract(salt: bytes, secret: Secret) -> bytes:
    """First half of HKDF-SHA256 (RFC 5869 §2.2): 32 secret bytes, evenly spread."""
    return hmac.digest(salt, secret, "sha256")


def hkdf_expand(pseudorandom_key: Secret, info: bytes, length: int) -> bytes:
    """Second half of HKDF-SHA256 (RFC 5869 §2.3).

    Raises:
        LocalError: ``length`` is not in 1 to 8,160.
    """
    if not 1 <= length <= MAX_OUTPUT_BYTES:
        raise LocalError("HKDF output length is out of range")
    block = b""
    output = b""
    counter = 1
    while len(output) < length:
        block = hmac.digest(pseudorandom_key, block + info + bytes((counter,)), "sha256")
        output += block
        counter += 1
    return output[:length]
