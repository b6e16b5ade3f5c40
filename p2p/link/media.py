"""Sealed frames in SRTP, one stream in each direction, and how both get through."""

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import pylibsrtp

from crypto.frame import MAX_FRAME_BYTES
from crypto.veil import Veil
from p2p.errors import LocalError, RemoteError
from p2p.link.covered import CoveredMux
from p2p.link.dtls import DtlsPipe
from p2p.link.ice import MuxConnection
from p2p.link.rtp import SEQ_BITS, Packetizer, clock_now, clock_of, seq_of, ssrc_of, unpack
from p2p.link.srtp import Opener, SealKey
from p2p.link.standing import Standing
from p2p.mesh.arrivals import Arrivals
from p2p.mesh.inward_measure import InwardMeasure
from p2p.mesh.line_measure import LineMeasure
from p2p.mesh.line_reports import LineReports
from p2p.wire.addresses import Address
from p2p.wire.hop import HEARTBEAT
from p2p.wire.line_report import REPORT_BYTE, decode_report

MAX_EARLY_PACKETS = 16
IP_UDP_BYTES = 28


class FrameReceiver(Protocol):
    """Who gets the frames of a link."""

    def frame(self, frame: bytes, arrival_s: float) -> None:
        """Takes a frame and its arrival in monotonic seconds; ``RemoteError`` is counted."""
        ...


class Outlet(NamedTuple):
    """Where frames leave a link, for those who send one frame to many.

    Attributes:
        packetizer: Numbers packets; the same for everybody who sends over this link.
        key: Seals them. Secret.
        address: Where the peer is now.
        veil: What covers them, sealed.
    """

    packetizer: Packetizer
    key: SealKey
    address: Address
    veil: Veil


class _Nobody:
    """Frames are lost on it."""

    def frame(self, frame: bytes, arrival_s: float) -> None:
        pass


@dataclass(slots=True)
class _Keyless:
    """Before the keys are agreed.

    Attributes:
        early: Packets that overtook the end of the handshake, each with its time of arrival.
    """

    early: deque[tuple[bytes, float]] = field(
        default_factory=lambda: deque(maxlen=MAX_EARLY_PACKETS)
    )


class _Keyed(NamedTuple):
    """From then on.

    Attributes:
        packetizer: Numbers what we send.
        outward: Seals it. Secret.
        ssrc_in: Source of the peer's stream.
        inward: Opens it. Secret.
    """

    packetizer: Packetizer
    outward: SealKey
    ssrc_in: int
    inward: Opener


class Media:
    """The sound of one link.

    Args:
        mux: The node's socket, under the peer's veil.
        ice: Says where the peer is.
        standing: Told when the peer was heard.
        pipe: Told that the peer has all of the handshake, once sound of it opens.
        counters: Of the link.

    Attributes:
        arrivals: How the peer's packets come.
        reports: When we tell the peer.
        measure: What the line carries of ours, by the peer's reports.
        inward: What it brings us, by the clock of a peer that is a relay.
    """

    def __init__(
        self,
        mux: CoveredMux,
        ice: MuxConnection,
        standing: Standing,
        pipe: DtlsPipe,
        counters: Counter[str],
    ) -> None:
        self.arrivals = Arrivals(SEQ_BITS)
        self.reports = LineReports()
        self.measure = LineMeasure()
        self.inward = InwardMeasure()
        self._mux = mux
        self._ice = ice
        self._standing = standing
        self._pipe = pipe
        self._counters = counters
        self._receiver: FrameReceiver = _Nobody()
        self._keys: _Keyless | _Keyed = _Keyless()

    def start(self, own_ufrag: str, ufrag: str, outward: SealKey, inward: Opener) -> None:
        """Takes the keys, and packets that came before them.

        Args:
            own_ufrag: Our ICE user fragment.
            ufrag: The peer's.
            outward: Seals what we send. Secret.
            inward: Opens what comes. Secret.
        """
        before, packetizer = self._keys, Packetizer(ssrc_of(own_ufrag, ufrag))
        self._keys = _Keyed(packetizer, outward, ssrc_of(ufrag, own_ufrag), inward)
        if isinstance(before, _Keyless):
            for packet, arrival_s in before.early:
                self._take(self._keys, packet, arrival_s)

    def frames_to(self, receiver: FrameReceiver, *, reported: bool = False) -> None:
        """From now on this one gets the frames that come; before, they are lost.

        Args:
            receiver: Takes them.
            reported: The peer is told how they come, to fit its line.
        """
        self._receiver = receiver
        self.reports.want(wanted=reported)

    def send(self, frame: bytes) -> bool:
        """Sends a sealed frame.

        Returns:
            False if there are no keys or no way now; the frame is lost then.

        Raises:
            LocalError: It is empty or longer than 1,200 bytes.
        """
        if not 0 < len(frame) <= MAX_FRAME_BYTES:
            raise LocalError("frame of a size that cannot be sent")
        outlet = self.outlet
        if outlet is None:
            return False
        self._mux.send_media(self._seal(outlet, frame), outlet.address)
        return True

    def tell_time(self) -> None:
        """From now on, for a relay: the clock in our packets tells when they leave."""
        if isinstance(self._keys, _Keyed):
            self._keys.packetizer.began = clock_now()

    @property
    def outlet(self) -> Outlet | None:
        """Where frames leave; None if there are no keys or no way now. See ``Mux.changes``."""
        keys, address = self._keys, self._ice.remote_address
        if not self._standing.established or address is None or isinstance(keys, _Keyless):
            return None
        return Outlet(keys.packetizer, keys.outward, address, self._mux.veil)

    def take(self, packet: bytes, address: Address, arrival_s: float) -> None:
        """From the socket: an SRTP packet with the source of the peer's stream.

        Args:
            packet: At most 1,500 bytes.
            address: Where it came from, which may be anywhere.
            arrival_s: Monotonic seconds.
        """
        if isinstance(self._keys, _Keyless):
            self._keys.early.append((packet, arrival_s))
        elif self._take(self._keys, packet, arrival_s) and address != self._ice.remote_address:
            self._ice.may_be_at(address, arrival_s)

    def _take(self, keys: _Keyed, packet: bytes, arrival_s: float) -> bool:
        """Passes the frame of one SRTP packet on, if it is authentic."""
        try:
            opened = keys.inward.unprotect(packet)
            seq, frame = unpack(opened, keys.ssrc_in)
        except (pylibsrtp.Error, RemoteError):
            self._counters["media_refused"] += 1
            return False
        self._standing.last_heard_s = arrival_s
        if not self._pipe.settled:
            self._pipe.settle()
        is_newest = self.arrivals.came(seq, arrival_s, len(packet) + IP_UDP_BYTES)
        if is_newest and arrival_s >= self.inward.due_s:
            self.inward.sample(self.arrivals, clock_of(opened), arrival_s)
        is_report = frame[0] == REPORT_BYTE
        try:
            if is_report:
                self.measure.reported(decode_report(frame), arrival_s)
            else:
                self._receiver.frame(frame, arrival_s)
        except RemoteError:
            self._counters["frame_refused"] += 1
        if arrival_s >= self.reports.due_s and not is_report and frame != HEARTBEAT:
            self._report(arrival_s)
        return True

    def _report(self, now: float) -> None:
        outlet, report = self.outlet, self.reports.make(self.arrivals, now)
        if outlet is not None:
            # No sound, so it is not counted with the sizes of what is said.
            self._mux.send(self._seal(outlet, report.encode()), outlet.address)

    def _seal(self, outlet: Outlet, frame: bytes) -> bytes:
        packet = outlet.key.seal(frame, outlet.packetizer)
        self.measure.sent(seq_of(packet), len(packet) + IP_UDP_BYTES, time.monotonic())
        return packet

    @property
    def loss_pct(self) -> float:
        """Packets of the peer that were lost in the last seconds, 0 to 100."""
        return self.arrivals.loss_pct(time.monotonic()) or 0.0
