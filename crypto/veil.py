"""The veil: what a datagram looks like to whoever does not know the key of its receiver.

Every datagram between nodes is covered with a key that follows from its receiver's public key: so
one key lifts all that comes to a socket, from any address, and nothing has to be remembered. What
carries sound keeps its length; only the header in front is masked, as QUIC masks its own (RFC 9001
§5.4). All else is sealed whole, and filled up to a length that says little::

    sound   header 12, XOR SipHash-2-4-128(mask key, bytes 12-27) | the rest as it is
    other   nonce 24 | XChaCha20-Poly1305(seal key, nonce, -, length 2 | datagram | zeros)
    keys    BLAKE2b-384, person "teahouse veil", over the receiver's key: mask key 16 | seal key 32

It hides what is spoken here, not what is said: whoever has the receiver's key lifts it.
"""

import hashlib
from collections.abc import Callable

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as _decrypt,
)
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_encrypt as _encrypt,
)
from nacl.bindings import crypto_shorthash_siphashx24 as _siphash
from nacl.exceptions import CryptoError

from crypto.cookie import MAC2_AT, NO_MAC2
from crypto.errors import LocalError
from crypto.ids import DhKey
from crypto.knock import FIRST_BYTES

Rng = Callable[[int], bytes]

MASK_KEY_BYTES = 16
HEAD_BYTES = 12
"""Of a packet of sound: its RTP header, which is masked."""
SAMPLE_BYTES = 16
"""Behind it, sealed and never twice the same: what the mask is made from."""

OVERHEAD_BYTES = 24 + 16 + 2
FILLED_MAX = 64
"""Less than so many zeros are put behind what is sealed."""
MAX_FILLED_BYTES = 1200
"""Up to so many; what is longer by itself, and nothing of ours is, is not filled."""
MAX_COVERED_BYTES = 1500 - OVERHEAD_BYTES

QUESTION_FROM, QUESTION_BELOW = 720, 848
"""Length of a question without a cookie, and of nothing else: so the kernel can tell a flood."""

_PERSON = b"teahouse veil"
_QUESTION_BYTES = [question for question, _ in FIRST_BYTES.values()]
_PRINTABLE_FROM, _PRINTABLES = 0x20, 95
_FIRST_PRINTABLE = 6


class Veil:
    """What covers datagrams for one receiver, and lifts what was covered for it.

    Args:
        receiver: Its public key: a relay's, or the one that a member asks and answers with.

    Attributes:
        mask_key: For sound, 16 bytes.
    """

    __slots__ = ("_seal_key", "mask_key")

    def __init__(self, receiver: DhKey) -> None:
        keys = hashlib.blake2b(receiver, digest_size=48, person=_PERSON).digest()
        self.mask_key, self._seal_key = keys[:MASK_KEY_BYTES], keys[MASK_KEY_BYTES:]

    def mask(self, packet: bytes) -> bytes:
        """Covers a packet of sound, or lifts it: twice is nothing. It keeps its length.

        Args:
            packet: At least 28 bytes.
        """
        head, sample = packet[:HEAD_BYTES], packet[HEAD_BYTES : HEAD_BYTES + SAMPLE_BYTES]
        mask = _siphash(sample, self.mask_key)[:HEAD_BYTES]
        masked = int.from_bytes(head, "big") ^ int.from_bytes(mask, "big")
        return masked.to_bytes(HEAD_BYTES, "big") + packet[HEAD_BYTES:]

    def cover(self, datagram: bytes, rng: Rng, *, first: bool) -> bytes:
        """Covers a datagram that is no sound.

        Args:
            datagram: 1 to ``MAX_COVERED_BYTES``.
            rng: Source of the nonce and of the length.
            first: It may be the first that its way sees, see ``first_nonce``.

        Raises:
            LocalError: It is too long.
        """
        if len(datagram) > MAX_COVERED_BYTES:
            raise LocalError("too long to be covered")
        nonce = first_nonce(rng) if first else rng(24)
        plain = len(datagram).to_bytes(2, "big") + datagram
        plain = plain.ljust(_covered_bytes(datagram, rng(1)[0]) - OVERHEAD_BYTES + 2, b"\0")
        return nonce + _encrypt(plain, None, nonce, self._seal_key)

    def lift(self, data: bytes) -> bytes | None:
        """Gives the datagram that was covered for us.

        Args:
            data: Hostile bytes.

        Returns:
            None: it was not, or is no datagram.
        """
        if len(data) <= OVERHEAD_BYTES:
            return None
        nonce = data[:24]
        try:
            plain = _decrypt(data[24:], None, nonce, self._seal_key)
        except CryptoError:
            return None
        end = 2 + int.from_bytes(plain[:2], "big")
        datagram = plain[2:end]
        if end > len(plain) or not datagram or any(plain[end:]):
            return None
        if _is_flooding(datagram) and not QUESTION_FROM <= len(data) < QUESTION_BELOW:
            return None  # the kernel counts on it
        return datagram


def first_nonce(rng: Rng) -> bytes:
    """24 random bytes, of which the first 6 to 18 can be printed.

    A censor that blocks first packets without any pattern lets those pass that begin with six
    printable bytes (Wu et al. 2023, "How the Great Firewall of China detects and blocks fully
    encrypted traffic", §4.1).
    """
    number, count = int.from_bytes(rng(24), "big"), _FIRST_PRINTABLE + rng(1)[0] % 13
    text = bytearray()
    for _ in range(count):
        number, symbol = divmod(number, _PRINTABLES)
        text.append(_PRINTABLE_FROM + symbol)
    return bytes(text) + rng(24 - count)


def _is_flooding(datagram: bytes) -> bool:
    """Whether it is a question without a cookie, of which there may be a flood."""
    question = datagram[0] in _QUESTION_BYTES
    return question and datagram[MAC2_AT : MAC2_AT + len(NO_MAC2)] == NO_MAC2


def _covered_bytes(datagram: bytes, chance: int) -> int:
    if _is_flooding(datagram):
        return QUESTION_FROM + chance % (QUESTION_BELOW - QUESTION_FROM)
    least = OVERHEAD_BYTES + len(datagram)
    length = max(least, min(least + chance % FILLED_MAX, MAX_FILLED_BYTES))
    within = QUESTION_FROM <= length < QUESTION_BELOW
    return length + (QUESTION_BELOW - QUESTION_FROM) * within
