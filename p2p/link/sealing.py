"""Sealing one frame for many links into the slots of a batch, in two ways.

Both take each link's next number from its own ``Packetizer``, as ``MediaLink.send_frame`` does:
no number is ever used twice under one key, whoever sends.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import pylibsrtp
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


class _Prepared(NamedTuple):
    """Of a list of outlets: how each is numbered, its source, and its C side."""

    numbers: list[Packetizer]
    sources: NDArray[np.uint32]
    sessions: list[object]


_HEADERS = np.dtype(
    {
        "names": ["first", "kind", "seq", "ticks", "source"],
        "formats": ["u1", "u1", ">u2", ">u4", ">u4"],
        "offsets": [0, 1, 2, 4, 8],
        "itemsize": SLOT_BYTES,
    }
)
"""RFC 3550 §5.1, at the beginning of each slot."""


class SealInPlace:
    """With the C functions under pylibsrtp, where the packet is: no copy, no object.

    Headers and frames are written for all slots at once.

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
        self._slots = np.frombuffer(batch.packets, np.uint8).reshape(SLOTS, SLOT_BYTES)
        self._headers = np.frombuffer(batch.packets, _HEADERS)

    def prepare(self, outlets: Sequence[Outlet]) -> _Prepared:
        """What the outlets are made of; it lives as long as they are kept."""
        return _Prepared(
            [outlet.packetizer for outlet in outlets],
            np.array([outlet.packetizer.ssrc for outlet in outlets], np.uint32),
            [outlet.srtp._srtp[0] for outlet in outlets],  # type: ignore[attr-defined]  # noqa: SLF001
        )

    def fill(self, frame: bytes, outlets: Sequence[Outlet], prepared: object) -> list[int]:
        """See ``Seal``."""
        assert isinstance(prepared, _Prepared)  # noqa: S101  from ``prepare``
        count = len(outlets)
        numbers = np.array([each.take() for each in prepared.numbers], np.int64)
        headers = self._headers[:count]
        headers["first"], headers["kind"] = FIRST_BYTE, PAYLOAD_TYPE
        headers["seq"] = (numbers + FIRST_SEQ) & 0xFFFF
        headers["ticks"] = numbers * TICKS_PER_FRAME & 0xFFFFFFFF
        headers["source"] = prepared.sources
        end = HEADER_BYTES + len(frame)
        self._slots[:count, HEADER_BYTES:end] = np.frombuffer(frame, np.uint8)
        self._batch.set_lengths(end)
        # libsrtp puts the new length where the kernel looks for it.
        errors = list(map(self._protect, prepared.sessions, self._packets, self._lengths))
        return [slot for slot, error in enumerate(errors) if error] if any(errors) else []
