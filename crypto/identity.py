"""A member's own keys, fresh in every run, and signatures that fit one purpose only."""

import hashlib
from collections.abc import Callable

from nacl.exceptions import BadSignatureError
from nacl.public import PrivateKey
from nacl.signing import SigningKey, VerifyKey

from crypto.errors import LocalError, RemoteError
from crypto.ids import DhKey, MemberId, SignKey

Rng = Callable[[int], bytes]
KEY_BYTES = 32
SIGNATURE_BYTES = 64
MEMBER_ID_BYTES = 16
MAX_CONTEXT_BYTES = 32
_DOMAIN = b"teahouse/1/"


class Identity:
    """An Ed25519 and an X25519 key pair (RFC 8032, RFC 7748), which live in memory only.

    Attributes:
        sign_key: Ed25519 public key, 32 bytes.
        dh: X25519 public key, 32 bytes.
        member_id: The name of these keys in the room, 16 bytes.
    """

    __slots__ = ("_dh_secret", "_signing", "dh", "member_id", "sign_key")

    def __init__(self, sign_seed: bytes, dh_secret: bytes) -> None:
        if len(sign_seed) != KEY_BYTES or len(dh_secret) != KEY_BYTES:
            raise LocalError("secret keys have 32 bytes")
        self._signing = SigningKey(sign_seed)
        self._dh_secret = dh_secret
        self.sign_key = SignKey(bytes(self._signing.verify_key))
        self.dh = DhKey(bytes(PrivateKey(dh_secret).public_key))
        self.member_id = member_id(self.sign_key, self.dh)

    @classmethod
    def generate(cls, rng: Rng) -> "Identity":
        """Make fresh keys.

        Args:
            rng: Gives as many secret random bytes as it is asked for.
        """
        return cls(rng(KEY_BYTES), rng(KEY_BYTES))

    @property
    def dh_secret(self) -> bytes:
        """X25519 secret key, 32 bytes, for the handshake."""
        return self._dh_secret

    def sign(self, context: bytes, data: bytes) -> bytes:
        """Sign data for one purpose.

        Args:
            context: Name of the purpose, such as ``b"op"``; part of what is signed.
            data: Bytes of any length.

        Returns:
            64 bytes.

        Raises:
            LocalError: The context is empty, too long, or has a zero byte.
        """
        return self._signing.sign(framed(context, data)).signature

    def __repr__(self) -> str:
        return "Identity(…)"


def sign_public_of(seed: bytes) -> SignKey:
    """Give the Ed25519 public key of a seed, both 32 bytes."""
    return SignKey(bytes(SigningKey(seed).verify_key))


def sign(seed: bytes, context: bytes, data: bytes) -> bytes:
    """Sign like ``Identity.sign``, with a key that is used once.

    Args:
        seed: Ed25519 seed of 32 bytes, secret.
        context: Name of the purpose.
        data: Bytes of any length.

    Returns:
        64 bytes.

    Raises:
        LocalError: The context is empty, too long, or has a zero byte.
    """
    return SigningKey(seed).sign(framed(context, data)).signature


def verify(sign_public: SignKey, context: bytes, data: bytes, signature: bytes) -> None:
    """Check a signature.

    Args:
        sign_public: Ed25519 public key of the signer.
        context: The purpose it must have been made for.
        data: What was signed.
        signature: Foreign bytes.

    Raises:
        RemoteError: It is not this signer's, not for this purpose, not over these bytes,
            or key or signature have no valid form.
    """
    verify_bytes(sign_public, framed(context, data), signature)


def verify_bytes(sign_public: SignKey, data: bytes, signature: bytes) -> None:
    """Check a plain Ed25519 signature (RFC 8032, strict: no malleable or small-order forms).

    Raises:
        RemoteError: Key or signature are malformed, or do not fit the data.
    """
    if len(sign_public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        raise RemoteError("key or signature of another length")
    try:
        VerifyKey(sign_public).verify(data, signature)
    except BadSignatureError as error:
        raise RemoteError("bad signature") from error


def member_id(sign: SignKey, dh: DhKey) -> MemberId:
    """Name a pair of public keys: BLAKE2b-128(sign | dh), 16 bytes.

    Raises:
        LocalError: A key has another length than 32 bytes.
    """
    if len(sign) != KEY_BYTES or len(dh) != KEY_BYTES:
        raise LocalError("public keys have 32 bytes")
    return MemberId(hashlib.blake2b(sign + dh, digest_size=MEMBER_ID_BYTES).digest())


def framed(context: bytes, data: bytes) -> bytes:
    """What is signed of data for one purpose; LocalError: that has no name that may be."""
    if not 0 < len(context) <= MAX_CONTEXT_BYTES or 0 in context:
        raise LocalError("context of a signature must be a short name")
    return _DOMAIN + context + b"\x00" + data
