"""Sealing one frame for many links into the slots of a batch, in two ways.

Both take each link's next number from its own ``Packetizer``, as ``MediaLink.send_frame`` does:
no number is ever used twice under one key, whoever sends.
"""

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import pylibsrtp

from p2p.link.media import Outlet
from p2p.link.rtp import FIRST_BYTE, HEADER_BYTES, PAYLOAD_TYPE, seq_and_ticks
from p2p.link.sendmmsg import SLOT_BYTES, SLOTS, Batch


class Seal(Protocol):
    """One way."""

    def prepare(self, outlets: Sequence[Outlet]) -> object:
        """What is worth keeping of at most ``SLOTS`` outlets that get many frames."""
        ...

    def fill(self, frame: bytes, outlets: Sequence[Outlet], prepared: object) -> list[int]:
        """Makes the SRTP packet of each outlet in the slot of the same number.

        Returns:
            Slots whose packet could not be made, and must not be sent.
        """
        ...


class SealCopies:
    """With the public interface of pylibsrtp.

    Args:
        batch: Where packets are put.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def prepare(self, outlets: Sequence[Outlet]) -> None:
        """Nothing."""

    def fill(self, frame: bytes, outlets: Sequence[Outlet], prepared: object) -> list[int]:
        """See ``Seal``."""
        packets, lengths, bad = self._batch.packets, self._batch.lengths, []
        for slot, outlet in enumerate(outlets):
            try:
                packet = outlet.srtp.protect(outlet.packetizer.pack(frame))
            except pylibsrtp.Error:
                bad.append(slot)
                continue
            start = slot * SLOT_BYTES
            packets[start : start + len(packet)] = packet
            lengths[2 * slot + 1] = len(packet)
        return bad


class SealInPlace:
    """With the C functions under pylibsrtp, where the packet is: no copy, no object.

    Args:
        batch: Where packets are put.

    Raises:
        ImportError, AttributeError: This pylibsrtp has them no more.
    """

    def __init__(self, batch: Batch) -> None:
        from pylibsrtp._binding import ffi, lib

        self._batch = batch
        self._protect = lib.srtp_protect
        self._packets = [ffi.cast("void *", at) for at in batch.packet_addresses]
        self._lengths = [ffi.cast("int *", at) for at in batch.length_addresses]
        self._starts = [slot * SLOT_BYTES for slot in range(SLOTS)]

    def prepare(self, outlets: Sequence[Outlet]) -> list[object]:
        """The C side of each session; it lives as long as the outlets are kept."""
        return [outlet.srtp._srtp[0] for outlet in outlets]  # type: ignore[attr-defined]  # noqa: SLF001

    def fill(self, frame: bytes, outlets: Sequence[Outlet], prepared: object) -> list[int]:
        """See ``Seal``."""
        assert isinstance(prepared, list)  # noqa: S101  from ``prepare``
        pack_into, packets = _packer(len(frame)), self._batch.packets
        for start, outlet in zip(self._starts, outlets, strict=False):
            packetizer = outlet.packetizer
            seq, ticks = seq_and_ticks(packetizer.take())
            pack_into(packets, start, FIRST_BYTE, PAYLOAD_TYPE, seq, ticks, packetizer.ssrc, frame)
        self._batch.set_lengths(HEADER_BYTES + len(frame))
        # libsrtp puts the new length where the kernel looks for it.
        errors = list(map(self._protect, prepared, self._packets, self._lengths))
        return [slot for slot, error in enumerate(errors) if error] if any(errors) else []


@lru_cache(maxsize=64)
def _packer(frame_bytes: int):  # type: ignore[no-untyped-def]  # noqa: ANN202  no name for it
    return struct.Struct(f"!BBHII{frame_bytes}s").pack_into
