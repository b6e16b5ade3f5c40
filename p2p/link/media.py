"""Sealed frames in SRTP, one stream in each direction, and what is lost of them."""

import time
from collections import deque
from typing import NamedTuple, Protocol

import pylibsrtp

from p2p.errors import LocalError, RemoteError
from p2p.link.rtp import SEQ_BITS, Packetizer, clock_now, clock_of, seq_of, ssrc_of, unpack
from p2p.link.srtp import SealKey
from p2p.mesh.arrivals import Arrivals
from p2p.mesh.inward_measure import InwardMeasure
from p2p.mesh.line_measure import LineMeasure
from p2p.mesh.loss import LossMeter
from p2p.wire.addresses import Address

MAX_EARLY_PACKETS = 16
IP_UDP_BYTES = 28


class Opener(Protocol):
    """The opening half of SRTP (RFC 3711)."""

    def unprotect(self, packet: bytes) -> bytes:
        """Opens a packet, or raises ``pylibsrtp.Error``; a repeat is refused as well."""
        ...


class Outlet(NamedTuple):
    """Where frames leave a link, for those who send one frame to many.

    Attributes:
        packetizer: Numbers packets; the same for everybody who sends over this link.
        key: Seals them. Secret.
        address: Where the peer is now.
    """

    packetizer: Packetizer
    key: SealKey
    address: Address


class Media:
    """The two streams of a link.

    Args:
        own_ufrag: Our ICE user fragment.
        remote_ufrag: The peer's.

    Attributes:
        ssrc_in: Source of the peer's stream.
        received: Packets opened.
        arrivals: How the peer's packets come, for the reports to it.
        measure: What the line carries of ours, by the peer's reports.
        inward: What it brings us, by the peer's clock; None: that is not asked for.
    """

    def __init__(self, own_ufrag: str, remote_ufrag: str) -> None:
        self.ssrc_in = ssrc_of(remote_ufrag, own_ufrag)
        self.received = 0
        self.arrivals = Arrivals()
        self.measure = LineMeasure()
        self.inward: InwardMeasure | None = None
        self._packetizer = Packetizer(ssrc_of(own_ufrag, remote_ufrag))
        self._outward: SealKey | None = None
        self._inward: Opener | None = None
        self._early: deque[tuple[bytes, float]] = deque(maxlen=MAX_EARLY_PACKETS)
        self._loss = LossMeter(SEQ_BITS)

    def start(self, outward: SealKey, inward: Opener) -> list[tuple[bytes, float]]:
        """Takes the keys.

        Returns:
            Packets that came before, each with its time of arrival, to be opened now.
        """
        self._outward, self._inward = outward, inward
        early = list(self._early)
        self._early.clear()
        return early

    def seal(self, frame: bytes) -> bytes:
        """Makes an SRTP packet; LocalError while there are no keys."""
        if self._outward is None:
            raise LocalError("no keys yet")
        packet = self._outward.seal(frame, self._packetizer)
        self.measure.sent(seq_of(packet), len(packet) + IP_UDP_BYTES, time.monotonic())
        return packet

    def tell_time(self) -> None:
        """From now on the clock in our packets tells when they leave."""
        self._packetizer.began = clock_now()

    def outlet(self, address: Address) -> Outlet | None:
        """What is needed to make packets for the peer; None while there are no keys."""
        return None if self._outward is None else Outlet(self._packetizer, self._outward, address)

    def open(self, packet: bytes, arrival_s: float) -> bytes | None:
        """Opens an SRTP packet.

        Args:
            packet: From the network, at most 1,500 bytes.
            arrival_s: Monotonic seconds.

        Returns:
            The frame; None while there are no keys: the packet is kept until then.

        Raises:
            RemoteError: It is forged, repeated, or not what we send.
        """
        if self._inward is None:
            self._early.append((packet, arrival_s))
            return None
        try:
            opened = self._inward.unprotect(packet)
            seq, frame = unpack(opened, self.ssrc_in)
        except pylibsrtp.Error as exc:
            raise RemoteError("packet not authentic") from exc
        self._loss.heard(seq, arrival_s)
        self.arrivals.came(seq, arrival_s)
        if self.inward is not None:
            self.inward.came(seq, clock_of(opened), len(packet) + IP_UDP_BYTES, arrival_s)
        self.received += 1
        return frame

    @property
    def loss_pct(self) -> float:
        """Packets of the peer that were lost in the last seconds, 0 to 100."""
        return self._loss.pct(time.monotonic()) or 0.0
