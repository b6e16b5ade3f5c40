"""X25519 key pairs: the Diffie-Hellman function of everything in this program (RFC 7748)."""

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from crypto.errors import LocalError, RemoteError
from crypto.ids import DhKey

DH_BYTES = 32


class KeyPair:
    """One X25519 key pair. The secret half lives inside the library and is never shown.

    Attributes:
        public: 32 bytes, not secret.
    """

    __slots__ = ("_secret", "public")

    def __init__(self, secret: bytes | bytearray) -> None:
        """Take a key pair from its secret half.

        Args:
            secret: 32 secret bytes; clamping is done here. A ``bytearray`` may be zeroed after.

        Raises:
            LocalError: ``secret`` is not 32 bytes.
        """
        if len(secret) != DH_BYTES:
            raise LocalError("an X25519 secret is 32 bytes")
        self._secret = X25519PrivateKey.from_private_bytes(secret)
        self.public = DhKey(self._secret.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, rng: Callable[[int], bytes]) -> "KeyPair":
        """Make a fresh key pair from 32 bytes of ``rng``."""
        return cls(rng(DH_BYTES))

    def exchange(self, public: DhKey) -> bytes:
        """Compute the shared secret with somebody's public key.

        Args:
            public: 32 bytes from a peer; anything may stand in it.

        Returns:
            32 secret bytes, never all zero.

        Raises:
            RemoteError: ``public`` has a wrong length, or is one of the low-order points, with
                which the result would not depend on our secret (RFC 7748 §6.1).
        """
        try:
            return self._secret.exchange(X25519PublicKey.from_public_bytes(public))
        except ValueError:
            raise RemoteError("unusable X25519 public key") from None
