"""A mutable item of BEP 44, as nodes of BitTorrent's Mainline DHT check and keep it.

Beside our own items (``crypto/item.py``) it has no expiry, and no name of its purpose in what is
signed. So the keys that sign these sign nothing else.
"""

from dataclasses import dataclass

from nacl.signing import SigningKey

from crypto.errors import LocalError, RemoteError
from crypto.identity import SIGNATURE_BYTES, sign_public_of, verify_bytes
from crypto.ids import SignKey
from crypto.item import target_of

MAX_VALUE_BYTES = 996
"""Nodes take 1,000 bytes of bencoding: ``996:`` and these."""
MAX_SEQ = (1 << 63) - 1
_KEY_BYTES, _SEQ_BYTES = 32, 8
ENCODED_BYTES_MAX = _KEY_BYTES + _SEQ_BYTES + SIGNATURE_BYTES + MAX_VALUE_BYTES


@dataclass(frozen=True, slots=True)
class MutableItem:
    """One item without a salt: every one of ours has a key of its own. Nothing in it is secret.

    Attributes:
        signer: Ed25519 public key, 32 bytes.
        seq: Sequence number, 0 to 2^63 - 1; a higher one replaces a lower one.
        value: 1 to 996 bytes; here always sealed.
        signature: 64 bytes.
    """

    signer: SignKey
    seq: int
    value: bytes
    signature: bytes

    @classmethod
    def create(cls, seed: bytes, seq: int, value: bytes) -> "MutableItem":
        """Sign an item.

        Args:
            seed: Ed25519 seed of 32 bytes, secret.
            seq: Sequence number, higher than that of the item it replaces.
            value: The sealed bytes.

        Raises:
            LocalError: The number or the value is out of its range.
        """
        if not 0 <= seq <= MAX_SEQ or not 1 <= len(value) <= MAX_VALUE_BYTES:
            raise LocalError("item out of range")
        signature = SigningKey(seed).sign(_signed_bytes(seq, value)).signature
        return cls(sign_public_of(seed), seq, value, signature)

    @classmethod
    def checked(cls, signer: bytes, seq: int, value: bytes, signature: bytes) -> "MutableItem":
        """Take an item from the network.

        Raises:
            RemoteError: It is out of range, or the signature is not the signer's.
        """
        if len(signer) != _KEY_BYTES or len(signature) != SIGNATURE_BYTES:
            raise RemoteError("key or signature of another length")
        if not 0 <= seq <= MAX_SEQ or not 1 <= len(value) <= MAX_VALUE_BYTES:
            raise RemoteError("item out of range")
        verify_bytes(SignKey(signer), _signed_bytes(seq, value), signature)
        return cls(SignKey(signer), seq, value, signature)

    def encode(self) -> bytes:
        """As a relay hands it on: signer, number in 8 bytes, signature, value."""
        return self.signer + self.seq.to_bytes(_SEQ_BYTES, "big") + self.signature + self.value

    @classmethod
    def decode(cls, data: bytes) -> "MutableItem":
        """Read what ``encode`` made, signature and all; raises RemoteError."""
        seq_at, signature_at = _KEY_BYTES, _KEY_BYTES + _SEQ_BYTES
        value_at = signature_at + SIGNATURE_BYTES
        seq = int.from_bytes(data[seq_at:signature_at], "big")
        return cls.checked(data[:seq_at], seq, data[value_at:], data[signature_at:value_at])

    @property
    def target(self) -> bytes:
        """Id it is stored under: SHA-1 of the signer's key, 20 bytes."""
        return target_of(self.signer)


def _signed_bytes(seq: int, value: bytes) -> bytes:
    """What BEP 44 has signed: the bencoded ``seq`` and ``v``, without the brackets around."""
    return b"3:seqi%de1:v%d:%b" % (seq, len(value), value)
