"""Sealing one frame for many links into the slots of a batch, veil and all, in two ways.

Both take each link's next number from its own ``Packetizer``, as ``Media.send`` does:
no number is ever used twice under one key, whoever sends.
"""

import struct
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import NamedTuple, Protocol

from crypto.veil import MASK_KEY_BYTES, SAMPLE_BYTES
from p2p.link.media import Outlet
from p2p.link.rtp import (
    FIRST_BYTE,
    FIRST_SEQ,
    HEADER_BYTES,
    PAYLOAD_TYPE,
    TICKS_PER_FRAME,
    clock_now,
)
from p2p.link.sendmmsg import HEAD_SLOT_BYTES, SLOTS, Batch
from p2p.link.srtp import KEY_BYTES, SALT_BYTES, TAG_BYTES, nonce_of


class Seal(Protocol):
    """One way."""

    def prepare(self, outlets: Sequence[Outlet]) -> object:
        """What is worth keeping of at most ``SLOTS`` outlets that get many frames."""
        ...

    def fill(self, frame: bytes, outlets: Sequence[Outlet], prepared: object) -> None:
        """Makes the SRTP packet of each outlet in the slot of the same number."""
        ...


class SealCopies:
    """One after the other, and copied to where the kernel reads them.

    Args:
        batch: Where packets are put.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def prepare(self, outlets: Sequence[Outlet]) -> None:
        """Nothing."""

    def fill(self, frame: bytes, outlets: Sequence[Outlet], prepared: object) -> None:
        """See ``Seal``."""
        for slot, outlet in enumerate(outlets):
            packet = outlet.key.seal(frame, outlet.packetizer)
            self._batch.put(slot, outlet.veil.mask(packet))


class _Prepared(NamedTuple):
    """Of a list of outlets: how each is numbered, its source, its nonces and keys.

    Keys and nonces lie in rows. The last eight bytes of a nonce, of which six say the packet's
    number (RFC 7714 §8.1), are what they would be for number 0, and the packet's put over that.
    """

    numbers: list[Iterator[int]]
    sources: list[int]
    began: list[int | None]
    ends_of_zero: list[int]
    nonces: bytearray
    keys: bytearray
    mask_keys: bytes
    nonces_at: list[object]
    keys_at: list[object]
    mask_keys_at: list[object]


_TOP = FIRST_BYTE << 56 | PAYLOAD_TYPE << 48
"""The first eight bytes of an RTP header without sequence number and clock (RFC 3550 §5.1)."""

_HEADER = struct.Struct(">QI")
_END = struct.Struct(">Q")
_HEADERS_FROM = range(0, SLOTS * HEAD_SLOT_BYTES, HEAD_SLOT_BYTES)
_ENDS_FROM = range(SALT_BYTES - _END.size, SLOTS * SALT_BYTES, SALT_BYTES)


class SealInPlace:
    """With AES-GCM of libsodium, where the packet is: no copy, no object.

    All keys lie in a row: what a packet needs of memory that is not in the cache is its link's 32
    bytes. Plain Python writes the numbers: fifty times a second NumPy is never in the cache either.

    Args:
        batch: Where packets are put.

    Raises:
        ImportError, AttributeError: PyNaCl has other insides.
        NotImplementedError: This processor has no AES.
    """

    def __init__(self, batch: Batch) -> None:
        import nacl.bindings  # noqa: F401  makes libsodium ready
        from nacl._sodium import ffi, lib

        if not lib.crypto_aead_aes256gcm_is_available():
            raise NotImplementedError("no AES in this processor")
        self._batch = batch
        self._ffi = ffi
        self._encrypt = lib.crypto_aead_aes256gcm_encrypt
        self._mask = lib.crypto_shorthash_siphashx24
        self._headers = bytearray(SLOTS * HEAD_SLOT_BYTES)
        self._masks = bytearray(SLOTS * HEAD_SLOT_BYTES)
        self._headers_at = self._row(self._headers, HEAD_SLOT_BYTES)
        self._masks_at = self._row(self._masks, HEAD_SLOT_BYTES)
        self._sealed_at = [self._at(at) for at in batch.packet_addresses]

    def _at(self, address: int) -> object:
        return self._ffi.cast("unsigned char *", address)

    def _row(self, data: bytes | bytearray, each_bytes: int) -> list[object]:
        """Where each of a row of bytes is in memory."""
        first = int(self._ffi.cast("uintptr_t", self._ffi.from_buffer(data)))
        return [self._at(first + at) for at in range(0, len(data), each_bytes)]

    def prepare(self, outlets: Sequence[Outlet]) -> _Prepared:
        """What the outlets are made of; it lives as long as they are kept."""
        sources = [outlet.packetizer.ssrc for outlet in outlets]
        zeros = [nonce_of(o.key.salt, s, 0) for o, s in zip(outlets, sources, strict=True)]
        nonces, keys = bytearray().join(zeros), bytearray().join(o.key.key for o in outlets)
        mask_keys = b"".join(outlet.veil.mask_key for outlet in outlets)
        return _Prepared(
            [outlet.packetizer.numbers for outlet in outlets],
            sources,
            [outlet.packetizer.began for outlet in outlets],
            [int.from_bytes(zero[-_END.size :], "big") for zero in zeros],
            nonces,
            keys,
            mask_keys,
            self._row(nonces, SALT_BYTES),
            self._row(keys, KEY_BYTES),
            self._row(mask_keys, MASK_KEY_BYTES),
        )

    def fill(self, frame: bytes, outlets: Sequence[Outlet], prepared: object) -> None:
        """See ``Seal``."""
        assert isinstance(prepared, _Prepared)  # noqa: S101  from ``prepare``
        headers, nonces, size = self._headers, prepared.nonces, len(frame)
        write_header, write_end = _HEADER.pack_into, _END.pack_into
        clock = clock_now()
        for number, header, source, began, end, zero in zip(
            map(next, prepared.numbers), _HEADERS_FROM,
            prepared.sources, prepared.began, _ENDS_FROM, prepared.ends_of_zero,
            strict=False,
        ):  # fmt: skip
            index = FIRST_SEQ + number
            ticks = number * TICKS_PER_FRAME if began is None else clock - began
            write_header(
                headers, header, _TOP | (index & 0xFFFF) << 32 | ticks & 0xFFFFFFFF, source
            )
            write_end(nonces, end, zero ^ index)
        self._batch.set_lengths(HEADER_BYTES + size + TAG_BYTES)
        nothing = repeat(self._ffi.NULL)
        for _ in map(
            self._encrypt,
            self._sealed_at, nothing, repeat(frame), repeat(size), self._headers_at,
            repeat(HEADER_BYTES), nothing, prepared.nonces_at, prepared.keys_at,
        ):  # fmt: skip
            pass
        self._cover(len(outlets), prepared)

    def _cover(self, count: int, prepared: _Prepared) -> None:
        """Puts the masked headers where the kernel reads them, all of them as one number."""
        for _ in map(
            self._mask, self._masks_at, self._sealed_at, repeat(SAMPLE_BYTES), prepared.mask_keys_at
        ):
            pass
        taken = count * HEAD_SLOT_BYTES
        headers, masks = self._headers[:taken], self._masks[:taken]
        masked = int.from_bytes(headers, "big") ^ int.from_bytes(masks, "big")
        self._batch.heads[:taken] = masked.to_bytes(taken, "big")
