"""Signatures by an X25519 key: what a relay signs is checked with the key in its line.

XEdDSA (Signal, "The XEdDSA and VXEdDSA Signature Schemes", revision 1, §2-3): the Montgomery key is
seen as an Edwards point whose sign is 0, and signs as Ed25519 does. Who checks needs Ed25519 alone.
"""

import hashlib
from collections.abc import Callable

from nacl import bindings

from crypto.dh import DH_BYTES
from crypto.errors import LocalError, RemoteError
from crypto.identity import framed
from crypto.ids import DhKey, SignKey

_P = 2**255 - 19
_SIGN = 0x80
_HASH_1 = b"\xfe" + b"\xff" * 31
_RANDOM_BYTES = 64


def signer_of(dh: DhKey) -> SignKey:
    """The Ed25519 public key of an X25519 one (RFC 7748 §4.1), 32 bytes.

    Raises:
        RemoteError: It is no public key.
    """
    u = int.from_bytes(dh, "little") & (1 << 255) - 1
    if len(dh) != DH_BYTES or u >= _P or u == _P - 1:
        raise RemoteError("no public key")
    return SignKey(((u - 1) * pow(u + 1, -1, _P) % _P).to_bytes(32, "little"))


def sign_lasting(secret: bytes, context: bytes, data: bytes, rng: Callable[[int], bytes]) -> bytes:
    """Sign data for one purpose, to be checked by ``identity.verify`` with ``signer_of``.

    Args:
        secret: X25519 secret, 32 bytes.
        context: Name of the purpose, as for ``Identity.sign``.
        data: Bytes of any length.
        rng: Source of 64 bytes; should they repeat, the signature gives nothing away all the same.

    Returns:
        64 bytes.

    Raises:
        LocalError: A length or the context is wrong.
    """
    if len(secret) != DH_BYTES:
        raise LocalError("secret keys have 32 bytes")
    clamped = bytearray(secret)
    clamped[0] &= 0xF8
    clamped[31] = clamped[31] & 0x7F | 0x40
    scalar = bindings.crypto_core_ed25519_scalar_reduce(bytes(clamped) + bytes(32))
    point = bindings.crypto_scalarmult_ed25519_base_noclamp(scalar)
    if point[31] & _SIGN:
        scalar = bindings.crypto_core_ed25519_scalar_negate(scalar)
        point = point[:31] + bytes((point[31] ^ _SIGN,))
    message = framed(context, data)
    r = _scalar(_HASH_1 + scalar + message + rng(_RANDOM_BYTES))
    commitment = bindings.crypto_scalarmult_ed25519_base_noclamp(r)
    challenge = _scalar(commitment + point + message)
    product = bindings.crypto_core_ed25519_scalar_mul(challenge, scalar)
    return commitment + bindings.crypto_core_ed25519_scalar_add(r, product)


def _scalar(data: bytes) -> bytes:
    return bindings.crypto_core_ed25519_scalar_reduce(hashlib.sha512(data).digest())
