"""The bytes on the wire: every datagram sealed twice, first for those who know the receiver.

::

    nonce 24 | outer: sender's key 32, tag 16 | inner: length 2, message, zeros, tag 16

The outer layer is keyed by the receiver's public key: who does not know that key can neither
read who is talking nor provoke an answer. The inner layer is keyed by both keys (X25519), so a
sender can not pretend to be another. XChaCha20-Poly1305 in both, one fresh nonce, two keys. There
is no type in front: all is noise to who does not know the receiver, and needs no veil.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable

import nacl.exceptions
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as _decrypt,
)
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_encrypt as _encrypt,
)

from crypto.dh import KeyPair
from crypto.errors import LocalError, RemoteError
from crypto.ids import DhKey
from crypto.veil import first_nonce

MAX_DATAGRAM_BYTES = 1200
"""As all our datagrams; also through a tunnel on a path of the smallest MTU of IPv6."""
OVERHEAD_BYTES = 24 + 32 + 16 + 2 + 16
MAX_BODY_BYTES = MAX_DATAGRAM_BYTES - OVERHEAD_BYTES

_NONCE_END = 24
_SENDER_END = _NONCE_END + 48
_PERSON = b"teahouse dht 2"
_REMEMBERED_KEYS = 1024
_REMEMBERED_NONCES = 4096


class Sealer:
    """Seals for others, opens what was sealed for us; remembers what it computed, within bounds.

    Args:
        secret: Our X25519 secret, 32 bytes.
        rng: Source of random bytes, for nonces.
    """

    def __init__(self, secret: bytes, rng: Callable[[int], bytes]) -> None:
        self._pair = KeyPair(secret)
        self._rng = rng
        self.public = self._pair.public
        self._outer_key = _outer_key(self.public)
        self._shared: OrderedDict[DhKey, bytes] = OrderedDict()
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def seal(self, body: bytes, receiver: DhKey, least_bytes: int = 0) -> bytes:
        """Seal one message.

        Args:
            body: The message, at most ``MAX_BODY_BYTES``.
            receiver: The receiver's public key, 32 bytes.
            least_bytes: Size of the datagram that is filled up to with zeros, within the seal.

        Returns:
            The datagram, at most ``MAX_DATAGRAM_BYTES``.

        Raises:
            LocalError: The message is too long.
            RemoteError: The receiver's key is none.
        """
        if len(body) > MAX_BODY_BYTES:
            raise LocalError("message too long for a datagram")
        nonce = first_nonce(self._rng)
        plain = len(body).to_bytes(2, "big") + body
        plain = plain.ljust(least_bytes - OVERHEAD_BYTES + 2, b"\0")
        head = nonce + _encrypt(self.public, nonce, nonce, _outer_key(receiver))
        inner_key = self._pair_key(receiver, self.public, receiver)
        return head + _encrypt(plain, head, nonce, inner_key)

    def open(self, datagram: bytes) -> tuple[DhKey, bytes]:
        """Open one datagram.

        Args:
            datagram: Anything that came to the socket.

        Returns:
            The sender's public key, proved, and the message.

        Raises:
            RemoteError: Not for us, forged, seen before, or not well-formed.
        """
        if not OVERHEAD_BYTES <= len(datagram) <= MAX_DATAGRAM_BYTES:
            raise RemoteError("length of no datagram")
        nonce = datagram[:_NONCE_END]
        try:
            named = _decrypt(datagram[_NONCE_END:_SENDER_END], nonce, nonce, self._outer_key)
            sender = DhKey(named)
            key = self._pair_key(sender, sender, self.public)
            plain = _decrypt(datagram[_SENDER_END:], datagram[:_SENDER_END], nonce, key)
        except nacl.exceptions.CryptoError:
            raise RemoteError("not sealed for us") from None
        self._refuse_repeated(nonce)
        length = int.from_bytes(plain[:2], "big")
        if length > len(plain) - 2 or any(plain[2 + length :]):
            raise RemoteError("message and filling do not match")
        return sender, plain[2 : 2 + length]

    def _refuse_repeated(self, nonce: bytes) -> None:
        if nonce in self._seen:
            raise RemoteError("datagram seen before")
        self._seen[nonce] = None
        if len(self._seen) > _REMEMBERED_NONCES:
            self._seen.popitem(last=False)

    def _pair_key(self, other: DhKey, sender: DhKey, receiver: DhKey) -> bytes:
        shared = self._shared.get(other)
        if shared is None:
            shared = self._pair.exchange(other)
            self._shared[other] = shared
            if len(self._shared) > _REMEMBERED_KEYS:
                self._shared.popitem(last=False)
        else:
            self._shared.move_to_end(other)
        return hashlib.blake2b(
            sender + receiver, key=shared, digest_size=32, person=_PERSON
        ).digest()


def _outer_key(receiver: DhKey) -> bytes:
    return hashlib.blake2b(receiver, digest_size=32, person=_PERSON).digest()
