"""Sealing one frame for many links into the slots of a batch, in two ways.

Both take each link's next number from its own ``Packetizer``, as ``MediaLink.send_frame`` does:
no number is ever used twice under one key, whoever sends.
"""

from collections.abc import Sequence
from itertools import repeat
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from p2p.link.media import Outlet
from p2p.link.rtp import (
    FIRST_BYTE,
    FIRST_SEQ,
    HEADER_BYTES,
    PAYLOAD_TYPE,
    TICKS_PER_FRAME,
    Packetizer,
)
from p2p.link.sendmmsg import SLOT_BYTES, SLOTS, Batch
from p2p.link.srtp import SALT_BYTES, TAG_BYTES, nonce_of


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
    """Of a list of outlets: how each is numbered, its source, its keys, where the keys are.

    The nonces are those of packet 0: what changes of them is put over that.
    """

    numbers: list[Packetizer]
    sources: NDArray[np.uint32]
    nonces: NDArray[np.uint8]
    keys: NDArray[np.uint8]
    keys_at: list[object]


_HEADERS = np.dtype(
    {
        "names": ["first", "kind", "seq", "ticks", "source"],
        "formats": ["u1", "u1", ">u2", ">u4", ">u4"],
        "offsets": [0, 1, 2, 4, 8],
        "itemsize": SLOT_BYTES,
    }
)
"""RFC 3550 §5.1, at the beginning of each slot."""

_INDICES = np.dtype([("zero", "V6"), ("turns", ">u4"), ("seq", ">u2")])
"""What a nonce has of the packet's number (RFC 7714 §8.1)."""


class SealInPlace:
    """With AES-GCM of libsodium, where the packet is: no copy, no object.

    Headers, nonces and frames are written for all slots at once. All keys lie in a row: what a
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
        self._encrypt = lib.crypto_aead_aes256gcm_encrypt
        self._nothing = ffi.NULL
        self._ffi = ffi
        self._headers_at = [self._at(at) for at in batch.packet_addresses]
        self._frames_at = [self._at(at + HEADER_BYTES) for at in batch.packet_addresses]
        self._slots = np.frombuffer(batch.packets, np.uint8).reshape(SLOTS, SLOT_BYTES)
        self._headers = np.frombuffer(batch.packets, _HEADERS)
        self._nonces = np.zeros((SLOTS, SALT_BYTES), np.uint8)
        self._indices = np.zeros(SLOTS, _INDICES)
        self._nonces_at = [self._at(row.ctypes.data) for row in self._nonces]

    def _at(self, address: int) -> object:
        return self._ffi.cast("unsigned char *", address)

    def prepare(self, outlets: Sequence[Outlet]) -> _Prepared:
        """What the outlets are made of; it lives as long as they are kept."""
        numbers = [outlet.packetizer for outlet in outlets]
        ssrcs = [each.ssrc for each in numbers]
        keys = np.array([list(outlet.key.key) for outlet in outlets], np.uint8)
        nonces = [
            list(nonce_of(o.key.salt, ssrc, 0)) for o, ssrc in zip(outlets, ssrcs, strict=True)
        ]
        return _Prepared(
            numbers,
            np.array(ssrcs, np.uint32),
            np.array(nonces, np.uint8),
            keys,
            [self._at(row.ctypes.data) for row in keys],
        )

    def fill(self, frame: bytes, outlets: Sequence[Outlet], prepared: object) -> None:
        """See ``Seal``."""
        assert isinstance(prepared, _Prepared)  # noqa: S101  from ``prepare``
        count, size = len(outlets), len(frame)
        numbers = np.array([each.take() for each in prepared.numbers], np.int64)
        indices = numbers + FIRST_SEQ
        headers = self._headers[:count]
        headers["first"], headers["kind"] = FIRST_BYTE, PAYLOAD_TYPE
        headers["seq"] = indices & 0xFFFF
        headers["ticks"] = numbers * TICKS_PER_FRAME & 0xFFFFFFFF
        headers["source"] = prepared.sources
        self._indices["turns"][:count] = indices >> 16
        self._indices["seq"][:count] = indices & 0xFFFF
        of_numbers = self._indices[:count].view(np.uint8).reshape(count, SALT_BYTES)
        np.bitwise_xor(prepared.nonces, of_numbers, out=self._nonces[:count])
        self._slots[:count, HEADER_BYTES : HEADER_BYTES + size] = np.frombuffer(frame, np.uint8)
        self._batch.set_lengths(HEADER_BYTES + size + TAG_BYTES)
        nothing, frames_at = repeat(self._nothing), self._frames_at
        for _ in map(
            self._encrypt,
            frames_at, nothing, frames_at, repeat(size), self._headers_at, repeat(HEADER_BYTES),
            nothing, self._nonces_at, prepared.keys_at,
        ):  # fmt: skip
            pass
