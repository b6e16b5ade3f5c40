"""Sealing one frame for many links into the slots of a batch, in two ways.

Both take each link's next number from its own ``Packetizer``, as ``MediaLink.send_frame`` does:
no number is ever used twice under one key, whoever sends.
"""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from p2p.link.media import Outlet
from p2p.link.rtp import FIRST_BYTE, FIRST_SEQ, HEADER_BYTES, PAYLOAD_TYPE, TICKS_PER_FRAME
from p2p.link.sendmmsg import SLOT_BYTES, Batch
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
        packets = self._batch.packets
        self._batch.set_lengths(HEADER_BYTES + len(frame) + TAG_BYTES)
        for slot, outlet in enumerate(outlets):
            packet = outlet.key.seal(frame, outlet.packetizer)
            start = slot * SLOT_BYTES
            packets[start : start + len(packet)] = packet


class _Prepared(NamedTuple):
    """Of a list of outlets: how each is numbered, its source, its nonces and keys.

    Keys and nonces lie in rows. The last eight bytes of a nonce, of which six say the packet's
    number (RFC 7714 §8.1), are what they would be for number 0, and the packet's put over that.
    """

    numbers: list[Iterator[int]]
    sources: NDArray[np.uint32]
    keys: NDArray[np.uint8]
    nonces: NDArray[np.uint8]
    nonce_ends: NDArray[np.uint64]
    ends_of_zero: NDArray[np.int64]
    keys_at: list[object]
    nonces_at: list[object]


_TOP = FIRST_BYTE << 56 | PAYLOAD_TYPE << 48
"""The first eight bytes of an RTP header without sequence number and clock (RFC 3550 §5.1)."""


class SealInPlace:
    """With AES-GCM of libsodium, where the packet is: no copy, no object.

    Headers and nonces are written for all slots at once. All keys lie in a row: what a
    packet needs of memory that is not in the cache is its link's 32 bytes.

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
        self._headers_at = [self._at(at) for at in batch.packet_addresses]
        self._sealed_at = [self._at(at + HEADER_BYTES) for at in batch.packet_addresses]
        self._tops = _of_rows(np.frombuffer(batch.packets, np.uint8), SLOT_BYTES, 0, ">u8")
        self._sources = _of_rows(np.frombuffer(batch.packets, np.uint8), SLOT_BYTES, 8, ">u4")

    def _at(self, address: int) -> object:
        return self._ffi.cast("unsigned char *", address)

    def prepare(self, outlets: Sequence[Outlet]) -> _Prepared:
        """What the outlets are made of; it lives as long as they are kept."""
        ssrcs = [outlet.packetizer.ssrc for outlet in outlets]
        keys = np.frombuffer(bytearray().join(o.key.key for o in outlets), np.uint8)
        zeros = [nonce_of(o.key.salt, ssrc, 0) for o, ssrc in zip(outlets, ssrcs, strict=True)]
        nonces = np.frombuffer(bytearray().join(zeros), np.uint8)
        ends = _of_rows(nonces, SALT_BYTES, SALT_BYTES - 8, ">u8")
        return _Prepared(
            [outlet.packetizer.numbers for outlet in outlets],
            np.array(ssrcs, np.uint32),
            keys,
            nonces,
            ends,
            ends.astype(np.int64),
            [self._at(keys.ctypes.data + n * KEY_BYTES) for n in range(len(outlets))],
            [self._at(nonces.ctypes.data + n * SALT_BYTES) for n in range(len(outlets))],
        )

    def fill(self, frame: bytes, outlets: Sequence[Outlet], prepared: object) -> None:
        """See ``Seal``."""
        assert isinstance(prepared, _Prepared)  # noqa: S101  from ``prepare``
        count, size = len(outlets), len(frame)
        numbers = np.fromiter(map(next, prepared.numbers), np.int64, count)
        indices = numbers + FIRST_SEQ
        ticks = numbers * TICKS_PER_FRAME & 0xFFFFFFFF
        self._tops[:count] = ((indices & 0xFFFF) << 32 | ticks).view(np.uint64) + _TOP
        self._sources[:count] = prepared.sources
        prepared.nonce_ends[:] = prepared.ends_of_zero ^ indices
        self._batch.set_lengths(HEADER_BYTES + size + TAG_BYTES)
        nothing = repeat(self._ffi.NULL)
        for _ in map(
            self._encrypt,
            self._sealed_at, nothing, repeat(frame), repeat(size), self._headers_at,
            repeat(HEADER_BYTES), nothing, prepared.nonces_at, prepared.keys_at,
        ):  # fmt: skip
            pass


def _of_rows(data: NDArray[np.uint8], row_bytes: int, at: int, kind: str) -> NDArray[Any]:
    """One number of each row of bytes, wherever it begins."""
    rows = data.reshape(-1, row_bytes)
    size = np.dtype(kind).itemsize
    return rows[:, at : at + size].view(kind)[:, 0]
