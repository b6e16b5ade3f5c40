"""ML-KEM-768 (FIPS 203): what still hides keys and names when X25519 is broken some day.

A line between members is sealed by DTLS or Noise, and what it says once more by keys from here
(``LineCipher``). Who recorded it has to break both. What this adds is secrecy only: who speaks is
proven by the layers around it.

::

    asked end -> asking end   encapsulation key 1,184
    asking -> asked           ciphertext 1,088 in front of the first message
    key of a direction        HKDF(shared secret 32, "line/ask/" or "line/answer/" | bound)
    bound                     tie of the line | encapsulation key | ciphertext
    message n                 ChaCha20-Poly1305 (RFC 8439), nonce n, 12 bytes big-endian, from 0
"""

from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto.errors import RemoteError
from crypto.kdf import hkdf

ENCAPSULATION_KEY_BYTES = 1184
CIPHERTEXT_BYTES = 1088
SEAL_BYTES = 16

_SEED_BYTES = 64
_ASKS, _ANSWERS = b"line/ask/", b"line/answer/"


class LineCipher:
    """Seals and opens the messages of one line, in order.

    Args:
        shared: What the KEM gave to both ends. Secret.
        bound: What both ends must agree on: the line's tie, encapsulation key and ciphertext.
        asks: We asked for the line.
    """

    def __init__(self, shared: bytes, bound: bytes, *, asks: bool) -> None:
        ours, theirs = (_ASKS, _ANSWERS) if asks else (_ANSWERS, _ASKS)
        self._out = ChaCha20Poly1305(hkdf(shared, ours + bound))
        self._in = ChaCha20Poly1305(hkdf(shared, theirs + bound))
        self._sent = self._taken = 0

    def seal(self, message: bytes) -> bytes:
        """Seal our next message: 16 bytes more."""
        self._sent += 1
        return self._out.encrypt(_nonce(self._sent - 1), message, None)

    def open(self, sealed: bytes) -> bytes:
        """Open the peer's next message.

        Raises:
            RemoteError: It is another one, changed, or of an end with other keys.
        """
        try:
            message = self._in.decrypt(_nonce(self._taken), sealed, None)
        except InvalidTag:
            raise RemoteError("not the next message of this line") from None
        self._taken += 1
        return message


class DecapsulationKey:
    """The asked end's key pair, made for one line.

    Args:
        rng: Source of 64 bytes.

    Attributes:
        public: The encapsulation key, 1,184 bytes, not secret.
    """

    def __init__(self, rng: Callable[[int], bytes]) -> None:
        self._secret = MLKEM768PrivateKey.from_seed_bytes(rng(_SEED_BYTES))
        self.public = self._secret.public_key().public_bytes_raw()

    def open(self, ciphertext: bytes, tie: bytes) -> LineCipher:
        """Take what the asking end made for this key.

        Args:
            ciphertext: Foreign bytes. Of the right length, but not made for this key, they give
                keys that nobody else has (FIPS 203 §6.3): the first message will not open.
            tie: Names the line.

        Raises:
            RemoteError: A wrong length.
        """
        if len(ciphertext) != CIPHERTEXT_BYTES:
            raise RemoteError("wrong length of a KEM ciphertext")
        shared = self._secret.decapsulate(ciphertext)
        return LineCipher(shared, tie + self.public + ciphertext, asks=False)


def encapsulate(public: bytes, tie: bytes) -> tuple[LineCipher, bytes]:
    """Make line keys for the asked end; the library is the source of randomness.

    Args:
        public: Its encapsulation key, foreign bytes.
        tie: Names the line.

    Returns:
        Our cipher, and the ciphertext, 1,088 bytes, from which the asked end makes its own.

    Raises:
        RemoteError: A wrong length, or not an encapsulation key (FIPS 203 §7.2).
    """
    try:
        shared, ciphertext = MLKEM768PublicKey.from_public_bytes(public).encapsulate()
    except ValueError:
        raise RemoteError("unusable KEM key") from None
    return LineCipher(shared, tie + public + ciphertext, asks=True), ciphertext


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
