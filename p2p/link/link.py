"""A link to one peer: sealed frames over SRTP, messages over a data channel, one shared socket.

Theory of operation::

    new --(connect)--> reach (ICE) -> keys (DTLS) -> channel (SCTP) -> up --> closed
                         |               |              |              ^
                         +---------------+--------------+--(fails)-----+

- Frames can be sent and are received from the moment the keys are agreed; SRTP that overtakes the
  end of the handshake is kept for it.
- ``on_closed`` is called once if a link that was up ends by itself. Whatever happened, the owner
  awaits ``close()`` in the end.
"""

import asyncio
import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from enum import Enum, auto
from hashlib import blake2b
from typing import Protocol

from crypto.frame import MAX_FRAME_BYTES
from p2p.clock import BEAT_S, to_beat
from p2p.errors import LocalError, RemoteError
from p2p.link.association import Association
from p2p.link.candidates import path_name
from p2p.link.dtls import Certificate, fingerprint_of, make_certificate
from p2p.link.errors import LinkFailed
from p2p.link.ice import MuxConnection, make_credentials
from p2p.link.media import Media, Outlet
from p2p.link.mux import Mux
from p2p.link.setup import QUIET_LIMIT_S, Setup
from p2p.link.standing import Standing
from p2p.mesh.inward_measure import InwardMeasure
from p2p.mesh.line_load import Load
from p2p.trace import trace
from p2p.wire.addresses import Address, Scope, is_stream, known_scope
from p2p.wire.hop import HEARTBEAT
from p2p.wire.line_report import decode_report, is_report
from p2p.wire.offers import Candidate, LinkOffer

__all__ = ["Certificate", "LinkFailed", "MediaLink", "make_certificate"]

HEARD_S = 2.0
DRAIN_LIMIT_S = 0.25
CLOSE_LIMIT_S = 1.0
RELAY_PATIENCE = 5.0


class _State(Enum):
    NEW = auto()
    CONNECTING = auto()
    UP = auto()
    CLOSED = auto()


class FrameReceiver(Protocol):
    """Who gets the frames of a link."""

    def frame(self, frame: bytes, arrival_s: float) -> None:
        """Takes a frame and its arrival in monotonic seconds; ``RemoteError`` is counted."""
        ...


class Witness(Protocol):
    """Who is told of addresses that a link's checks show."""

    def answered(self, address: Address) -> None:
        """A check of ours was answered from there, with the peer's proof."""
        ...

    def saw(self, address: Address, witness: str) -> None:
        """The peer at the IP ``witness`` sees us at this address."""
        ...


class _Nobody:
    """Frames and news of addresses are lost on it."""

    def frame(self, frame: bytes, arrival_s: float) -> None:
        pass

    def answered(self, address: Address) -> None:
        pass

    def saw(self, address: Address, witness: str) -> None:
        pass


class MediaLink:
    """One link.

    Args:
        mux: The node's socket.
        certificate: From ``make_certificate``; a relay shows one on all its links.
        controlling: ICE role; the two ends should differ.
        candidates: Where we can be reached, as the peer may know it.
        rng: Source of the ICE credentials.

    Attributes:
        offer: What the peer needs to know. Secret.
        on_message: Takes each message. Set before ``connect``; may be called before it returns.
        on_closed: Called when an established link ends other than by ``close``, with the reason:
            ``peer``; ``silent`` after 30 s without an answer; ``deaf`` if the peer is there but
            answers no message, as where somebody takes out DTLS.
        witness: Is told of addresses.
        standing: What it is worth beside another link to the same address.
        setup: How the making of it gets on.
        counters: What was dropped and why.
    """

    def __init__(
        self,
        mux: Mux,
        certificate: Certificate,
        *,
        controlling: bool,
        candidates: Sequence[Candidate] = (),
        rng: Callable[[int], bytes] = os.urandom,
    ) -> None:
        ufrag, pwd = make_credentials(rng)
        self.offer = LinkOffer(ufrag, pwd, fingerprint_of(certificate), tuple(candidates))
        self.on_message: Callable[[bytes], None] = lambda _data: None
        self.on_closed: Callable[[str], None] = lambda _why: None
        self.witness: Witness = _Nobody()
        self.standing = Standing(time.monotonic())
        self.setup = Setup()
        self.counters: Counter[str] = Counter()
        self._receiver: FrameReceiver = _Nobody()
        self._mux = mux
        self._state = _State.NEW
        self._ice = MuxConnection(
            mux, self, controlling=controlling, credentials=(ufrag, pwd), rng=rng
        )
        self._association = Association(self._ice, certificate, lambda: self._lost("peer"))
        self._media: Media | None = None
        mux.routes.add(ufrag.encode(), self)

    async def connect(
        self,
        remote: LinkOffer,
        limit_s: float = QUIET_LIMIT_S,
        known: tuple[Address, ...] = (),
        rtt_s: float | None = None,
    ) -> None:
        """Makes the link. May be called once.

        Args:
            remote: The peer's offer; its candidates are to be filtered before, see
                ``candidates.believable``.
            limit_s: Seconds without any progress until it has failed; at most 30 s in all.
            known: Where we know the peer to be ourselves, UDP or streams.
            rtt_s: The round trip, if it was measured before.

        Raises:
            LinkFailed: It did not come up; the link is closed.
        """
        if self._state is not _State.NEW:
            raise LinkFailed("closed")
        self._state = _State.CONNECTING
        self._ice.consent.rtt_s = rtt_s
        try:
            async with self.setup.limited(limit_s):
                media = await self._reach(remote, known)
                await self._agree_keys(remote, media)
                await self._open_channel()
        except (TimeoutError, ConnectionError, LinkFailed) as exc:
            closed = self._state is _State.CLOSED
            await self.close(drain_s=0.0)
            stage = exc.stage if isinstance(exc, LinkFailed) else self.setup.stage
            trace("link_failed", stage="closed" if closed else stage)
            raise LinkFailed("closed" if closed else stage) from None
        except BaseException:
            await self.close(drain_s=0.0)
            raise
        self._state = _State.UP
        took_ms = round(1000 * (time.monotonic() - self.setup.began_s))
        trace("link_up", way=self.path, by_tcp=self.by_stream, ms=took_ms)
        if self._ice.ice_controlling:
            self._listen()

    def frames_to(self, receiver: FrameReceiver, *, reported: bool = False) -> None:
        """From now on this one gets the frames that come; before, they are lost.

        Args:
            receiver: Takes them.
            reported: Once the link has keys: the peer is told how they come, to fit its line.
        """
        self._receiver = receiver
        if self._media is not None:
            self._media.arrivals.wanted = reported

    def send_frame(self, frame: bytes) -> bool:
        """Sends a sealed frame.

        Returns:
            False if there are no keys or no way now; the frame is lost then.

        Raises:
            LocalError: It is empty or longer than 1,200 bytes.
        """
        if not 0 < len(frame) <= MAX_FRAME_BYTES:
            raise LocalError("frame of a size that cannot be sent")
        address = self._ice.remote_address
        if not self.standing.established or address is None or self._media is None:
            return False
        self._mux.send_media(self._media.seal(frame), address)
        return True

    def send_message(self, data: bytes) -> bool:
        """Sends a message, reliably and in order.

        Returns:
            False if the link is not up or the peer does not keep up.

        Raises:
            LocalError: It is empty or too long.
        """
        channel = self._association.channel
        return channel is not None and channel.send_message(data)

    def answered_at(self, address: Address | None) -> None:
        """Before ``connect``: our offer goes to this address alone, from where it was asked for."""
        self._ice.answered_at(address)

    def be_patient(self) -> None:
        """For links with a relay, before ``connect``: consent is asked for every 5 s at leisure.

        A relay has a thousand of them; that it has gone its members hear, for it is never silent
        (RFC 7675 §5.1).
        """
        self._ice.consent.patience = RELAY_PATIENCE

    def late_candidate(self, address: Address) -> None:
        """The peer may be found at another address: tries it, and moves there if it works."""
        if self._state in (_State.CONNECTING, _State.UP):
            self._ice.late_candidate(address)

    def another_candidate(self, address: Address) -> None:
        """While the link is being made: the peer named one more address; known ones are ignored."""
        if self._state is _State.CONNECTING and not self._ice.knows(address):
            self._ice.late_candidate(address)

    async def close(self, drain_s: float = DRAIN_LIMIT_S) -> None:
        """Ends the link; waits until nothing of it runs any more. May be called again.

        Args:
            drain_s: How long messages that were sent may take to arrive.
        """
        was_up, self._state = self._state is _State.UP, _State.CLOSED
        if was_up:
            trace("link_down", why="closed", frames=self.frames_received)
        if was_up and self._association.channel is not None:
            await self._association.channel.drain(drain_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._association.end()
        self._release()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._ice.close()

    @property
    def is_up(self) -> bool:
        """Whether ``connect`` succeeded and the link has not ended."""
        return self._state is _State.UP

    @property
    def tie(self) -> bytes:
        """Over what both ends offered, 64 bytes; empty until the peer's offer is known."""
        return self.standing.tie

    @property
    def last_heard_s(self) -> float:
        """Monotonic seconds when the peer last proved that it is there."""
        return self.standing.last_heard_s

    @property
    def rtt_ms(self) -> float | None:
        """Smoothed round trip of connectivity checks; None before the first."""
        return None if self._ice.consent.rtt_s is None else 1000.0 * self._ice.consent.rtt_s

    @property
    def loss_pct(self) -> float:
        """Media packets of the peer that were lost in the last seconds, 0 to 100."""
        return 0.0 if self._media is None else self._media.loss_pct

    def load(self, now: float) -> Load | None:
        """How the line does that carries our frames; None while the peer says too little of it."""
        return None if self._media is None else self._media.measure.load(now)

    def inward_load(self, now: float) -> Load | None:
        """How the line does that brings us the peer's frames; see ``measure_inward``."""
        inward = None if self._media is None else self._media.inward
        return None if inward is None else inward.load(now)

    @property
    def inward_bps(self) -> float:
        """What the peer sent us a second, of late; 0.0 while that is unknown."""
        inward = None if self._media is None else self._media.inward
        return 0.0 if inward is None else inward.sent_bps()

    def measure_inward(self) -> None:
        """From now on: the peer is a relay, whose packets tell when they left."""
        if self._media is not None:
            self._media.inward = InwardMeasure()

    def tell_time(self) -> None:
        """From now on, for a relay: our packets tell when they leave."""
        if self._media is not None:
            self._media.tell_time()

    @property
    def frames_received(self) -> int:
        """Frames received and authenticated."""
        return 0 if self._media is None else self._media.received

    @property
    def remote_address(self) -> Address | None:
        """Where the peer is now."""
        return self._ice.remote_address

    @property
    def outlet(self) -> Outlet | None:
        """Where frames leave; None if there are no keys or no way now. See ``Mux.changes``."""
        address = self._ice.remote_address
        if not self.standing.established or address is None or self._media is None:
            return None
        return self._media.outlet(address)

    @property
    def path(self) -> str:
        """``direct``, ``lan``, ``loopback``, ``ipv6``, or ``none`` while there is no way."""
        address = self._ice.remote_address
        return "none" if address is None else path_name(address[0])

    @property
    def scope(self) -> Scope | None:
        """How far the peer's address reaches; None while it is unknown."""
        address = self._ice.remote_address
        return None if address is None else known_scope(address[0])

    def on_stun(self, data: bytes, address: Address) -> None:
        """From the socket: a connectivity check or the answer to one."""
        self._ice.on_stun(data, address)

    def on_dtls(self, data: bytes, address: Address) -> None:
        """From the socket: a DTLS record."""
        if self._state is _State.CONNECTING:
            self.setup.received(data)
        if not self._association.put(data):
            self.counters["dtls_flood"] += 1

    def on_media(self, data: bytes, address: Address, arrival_s: float) -> None:
        """From the socket: an SRTP packet with the SSRC of this link."""
        media = self._media
        if media is None or not self._open_packet(media, data, arrival_s):
            return
        if address != self._ice.remote_address:
            self._ice.may_be_at(address, arrival_s)

    def heard(self) -> None:
        """From ICE and the channel: the peer proved that it is there."""
        self.standing.last_heard_s = time.monotonic()

    def verified(self, address: Address) -> None:
        """From ICE: a check of ours was answered from there."""
        self._mux.routes.claim(address, self, proven=True)
        self.witness.answered(address)

    def seen_at(self, address: Address, witness: str) -> None:
        """From ICE: the peer at the IP ``witness`` sees us at this address."""
        self.witness.saw(address, witness)

    def consent_ended(self) -> None:
        """From ICE: the peer has not answered for so long that we may send no more."""
        self._lost("silent")

    @property
    def rtt_s(self) -> float | None:
        """The same in seconds; known before the link is up."""
        return self._ice.consent.rtt_s

    @property
    def by_stream(self) -> bool:
        """Whether it runs over TCP now."""
        address = self._ice.remote_address
        return address is not None and is_stream(address)

    async def _reach(self, remote: LinkOffer, known: tuple[Address, ...]) -> Media:
        own = self.offer.ufrag
        self._mux.routes.start(self)
        # With the certificates: who stands between two ends shows each of them another one.
        self.standing.tie = blake2b(b"".join(sorted(map(_tied, (self.offer, remote))))).digest()
        self._media = media = Media(own, remote.ufrag)
        if not self._mux.routes.listen(media.ssrc_in, self):
            raise LinkFailed("reach")
        await self._ice.reach(remote.ufrag, remote.pwd, remote.candidates, known)
        self.setup.progress()
        return media

    async def _agree_keys(self, remote: LinkOffer, media: Media) -> None:
        self.setup.stage = "keys"
        address = self._ice.remote_address
        if address is None or self._mux.routes.of_address(address) is not self:
            raise LinkFailed("superseded")
        outward, inward = await self._association.agree(remote.fingerprint)
        self.standing.established = True
        self.setup.progress()
        for packet, arrival_s in media.start(outward, inward):
            self._open_packet(media, packet, arrival_s)
        self._mux.outlets_changed()

    async def _open_channel(self) -> None:
        self.setup.stage = "channel"
        await self._association.open_channel(
            self._take_message, self.setup.progress, self._ice.consent.rtt_s, self.counters
        )

    def _listen(self) -> None:
        """The end that asked for the link sees to it that messages get through, not sound alone."""
        now, channel = time.monotonic(), self._association.channel
        if self._state is not _State.UP or channel is None:
            return
        if now - self.standing.last_heard_s < HEARD_S and not channel.listen(now):
            self._lost("deaf")
            return
        asyncio.get_running_loop().call_later(to_beat(now, BEAT_S / 2), self._listen)

    def _open_packet(self, media: Media, data: bytes, arrival_s: float) -> bool:
        """Passes the frame of one SRTP packet on, if it is authentic."""
        try:
            frame = media.open(data, arrival_s)
        except RemoteError:
            self.counters["media_refused"] += 1
            return False
        if frame is None:
            return False
        self.standing.last_heard_s = arrival_s
        if not self._association.pipe.settled:
            self._association.pipe.settle()
        try:
            if is_report(frame):
                media.measure.reported(decode_report(frame), arrival_s)
                return True
            self._receiver.frame(frame, arrival_s)
        except RemoteError:
            self.counters["frame_refused"] += 1
        report = None if frame == HEARTBEAT else media.arrivals.report(arrival_s)
        if report is not None and self._ice.remote_address is not None:
            # No sound, so it is not counted with the sizes of what is said.
            self._mux.send(media.seal(report.encode()), self._ice.remote_address)
        return True

    def _take_message(self, data: bytes) -> None:
        self.heard()
        self.on_message(data)

    def _lost(self, why: str) -> None:
        """The link ended by itself; while it is being made, ``connect`` notices."""
        if self._state is _State.CLOSED:
            return
        was_up = self._state is _State.UP
        if was_up:
            self._state = _State.CLOSED
            trace("link_down", why=why, frames=self.frames_received)
        self._release()
        if was_up:
            self.on_closed(why)

    def _release(self) -> None:
        """Gives back everything that can be given back without waiting."""
        self.standing.established = False
        self._mux.outlets_changed()
        self._mux.routes.remove(self)
        self._ice.stop()
        self._association.cut()


def _tied(offer: LinkOffer) -> bytes:
    return offer.fingerprint + offer.ufrag.encode()
