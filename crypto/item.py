"""A signed item of the DHT: whoever stores it can check it, and nobody there can read it.

The shape is that of BEP 44 (mutable items): a key, a sequence number and a value of at
most 1,000 bytes under an id that is the hash of the key. An expiry comes with it.
"""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Annotated

import msgspec

from crypto.errors import LocalError, RemoteError
from crypto.identity import SIGNATURE_BYTES, sign, sign_public_of, verify
from crypto.ids import SignKey

TARGET_BYTES = 20
MAX_ITEM_BYTES = 1000
MAX_LIFETIME_S = 4 * 3600
MAX_SEQ_AHEAD_S = 3600
"""A clock may be wrong by so much; a sequence number is Unix seconds, or one more than another."""

MAX_VALUE_BYTES = 876  # so that the longest numbers still leave 1,000 bytes in all
_CONTEXT = b"item"

Value = Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_VALUE_BYTES)]
Signature = Annotated[bytes, msgspec.Meta(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)]


class Item(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One item. Nothing in it is secret.

    Attributes:
        signer: Ed25519 public key, 32 bytes.
        seq: Sequence number, 0 to 2^63 - 1; a higher one replaces a lower one.
        expires_s: Unix time from which it is void, whole seconds.
        value: 1 to 876 bytes; here always sealed.
        signature: Over all of the above, 64 bytes.
    """

    signer: Annotated[SignKey, msgspec.Meta(min_length=32, max_length=32)]
    seq: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
    expires_s: Annotated[int, msgspec.Meta(ge=0, lt=1 << 40)]
    value: Value
    signature: Signature

    @classmethod
    def create(cls, seed: bytes, seq: int, expires_s: int, value: bytes) -> "Item":
        """Sign an item.

        Args:
            seed: Ed25519 seed of 32 bytes, secret.
            seq: Sequence number, higher than that of the item it replaces.
            expires_s: Unix time from which it is void.
            value: The sealed bytes.

        Raises:
            LocalError: A number or the value is out of its range.
        """
        sign_item = partial(sign, seed)
        return cls.signed(sign_public_of(seed), sign_item, (seq, expires_s), value)

    @classmethod
    def signed(
        cls,
        signer: SignKey,
        sign_item: Callable[[bytes, bytes], bytes],
        times: tuple[int, int],
        value: bytes,
    ) -> "Item":
        """The same for a key that signs in its own way.

        Args:
            signer: Its public half.
            sign_item: Signs, given context and data.
            times: Sequence number and expiry.
            value: The sealed bytes.

        Raises:
            LocalError: A number or the value is out of its range.
        """
        seq, expires_s = times
        try:
            signature = sign_item(_CONTEXT, _signed_bytes(seq, expires_s, value))
            return cls.decode(cls(signer, seq, expires_s, value, signature).encode())
        except (RemoteError, OverflowError) as error:
            raise LocalError("item out of range") from error

    def encode(self) -> bytes:
        """Give the canonical bytes, at most 1,000: a MessagePack array of five."""
        return _ENCODER.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> "Item":
        """Parse foreign bytes; the signature is not checked here.

        Raises:
            RemoteError: They are too long, malformed, or not canonical.
        """
        if len(data) > MAX_ITEM_BYTES:
            raise RemoteError("item is too long")
        try:
            item = _DECODER.decode(data)
        except msgspec.DecodeError as error:
            raise RemoteError("item is malformed") from error
        if item.encode() != data:
            raise RemoteError("item is not canonical")
        return item

    @property
    def target(self) -> bytes:
        """Id it is stored under: SHA-1 of the signer's key, 20 bytes (BEP 44, no salt)."""
        return target_of(self.signer)

    def verify(self) -> None:
        """Check the signature.

        Raises:
            RemoteError: It is not the signer's.
        """
        signed = _signed_bytes(self.seq, self.expires_s, self.value)
        verify(self.signer, _CONTEXT, signed, self.signature)

    def check_time(self, unix_s: int) -> None:
        """Check that it is valid now, and not for longer than any honest item.

        Args:
            unix_s: Unix time by the checker's clock.

        Raises:
            RemoteError: It has expired, or expires more than four hours ahead.
        """
        if not unix_s < self.expires_s <= unix_s + MAX_LIFETIME_S:
            raise RemoteError("item out of its time")

    def check_seq(self, unix_s: int) -> None:
        """Check that its sequence number can be outdone; for whoever stores it.

        Args:
            unix_s: Unix time by the checker's clock.

        Raises:
            RemoteError: It is more than an hour ahead of it.
        """
        if self.seq > unix_s + MAX_SEQ_AHEAD_S:
            raise RemoteError("sequence number too far ahead")


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Item)


def target_of(signer: SignKey) -> bytes:
    """Hash a public key to the id of its item: SHA-1, 20 bytes (BEP 44)."""
    # SHA-1 only names places here; an item is trusted by its signature.
    return hashlib.sha1(signer, usedforsecurity=False).digest()


def _signed_bytes(seq: int, expires_s: int, value: bytes) -> bytes:
    return _ENCODER.encode((seq, expires_s, value))
