"""A link to one peer: sealed frames over SRTP, messages over a data channel, one shared socket.

Theory of operation (its stages are drawn in ``setup``):

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
from hashlib import blake2b
from typing import Protocol

from crypto.veil import Veil
from p2p.clock import BEAT_S, to_beat
from p2p.link.association import Association
from p2p.link.candidates import path_name
from p2p.link.covered import CoveredMux
from p2p.link.dtls import Certificate, fingerprint_of, make_certificate
from p2p.link.errors import LinkFailed
from p2p.link.ice import MuxConnection, make_credentials
from p2p.link.media import Media
from p2p.link.mux import Mux
from p2p.link.rtp import ssrc_of
from p2p.link.setup import QUIET_LIMIT_S, Setup
from p2p.link.standing import Standing
from p2p.trace import trace
from p2p.wire.addresses import Address, Scope, is_stream, known_scope
from p2p.wire.offers import Candidate, LinkOffer

__all__ = ["Certificate", "LinkFailed", "MediaLink", "make_certificate"]

HEARD_S = 2.0
DRAIN_LIMIT_S = 0.25
CLOSE_LIMIT_S = 1.0
RELAY_PATIENCE = 5.0


class Witness(Protocol):
    """Who is told of addresses that a link's checks show."""

    def answered(self, address: Address) -> None:
        """A check of ours was answered from there, with the peer's proof."""
        ...

    def saw(self, address: Address, witness: str) -> None:
        """The peer at the IP ``witness`` sees us at this address."""
        ...


class _Nobody:
    """News of addresses are lost on it."""

    def answered(self, address: Address) -> None:
        pass

    def saw(self, address: Address, witness: str) -> None:
        pass


class MediaLink:
    """One link.

    Args:
        mux: The node's socket.
        certificate: From ``make_certificate``; a relay shows one on all its links.
        veil: What covers all that goes to the peer.
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
        setup: How far it is.
        media: Its sound.
        counters: What was dropped and why.
    """

    def __init__(
        self,
        mux: Mux,
        certificate: Certificate,
        veil: Veil,
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
        self._mux = CoveredMux(mux, veil)
        self._ice = MuxConnection(
            self._mux, self, controlling=controlling, credentials=(ufrag, pwd), rng=rng
        )
        self._association = Association(self._ice, certificate, lambda: self._lost("peer"))
        pipe = self._association.pipe
        self.media = Media(self._mux, self._ice, self.standing, pipe, self.counters)
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
        if not self.setup.is_new:
            raise LinkFailed("closed")
        self._ice.consent.rtt_s = rtt_s
        try:
            async with self.setup.limited(limit_s):
                await self._reach(remote, known)
                await self._agree_keys(remote)
                await self._open_channel()
        except (TimeoutError, ConnectionError, LinkFailed) as exc:
            failed = self.setup.failed(exc)
            await self.close(drain_s=0.0)
            trace("link_failed", stage=failed.stage)
            raise failed from None
        except BaseException:
            await self.close(drain_s=0.0)
            raise
        took_ms = round(1000 * (time.monotonic() - self.setup.began_s))
        trace("link_up", way=self.path, by_tcp=self.by_stream, ms=took_ms)
        if self._ice.ice_controlling:
            self._listen()

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
        if self.setup.is_under_way or self.setup.is_up:
            self._ice.late_candidate(address)

    def another_candidate(self, address: Address) -> None:
        """While the link is being made: the peer named one more address; known ones are ignored."""
        if self.setup.is_under_way and not self._ice.knows(address):
            self._ice.late_candidate(address)

    async def close(self, drain_s: float = DRAIN_LIMIT_S) -> None:
        """Ends the link; waits until nothing of it runs any more. May be called again.

        Args:
            drain_s: How long messages that were sent may take to arrive.
        """
        was_up = self.setup.is_up
        self.setup.end()
        if was_up:
            trace("link_down", why="closed", frames=self.media.arrivals.received)
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
        return self.setup.is_up

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
    def remote_address(self) -> Address | None:
        """Where the peer is now."""
        return self._ice.remote_address

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
        if self.setup.is_under_way:
            self.setup.received(data)
        if not self._association.put(data):
            self.counters["dtls_flood"] += 1

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

    async def _reach(self, remote: LinkOffer, known: tuple[Address, ...]) -> None:
        own = self.offer.ufrag
        self._mux.routes.start(self)
        # With the certificates: who stands between two ends shows each of them another one.
        self.standing.tie = blake2b(b"".join(sorted(map(_tied, (self.offer, remote))))).digest()
        if not self._mux.routes.listen(ssrc_of(remote.ufrag, own), self.media):
            raise LinkFailed("reach")
        await self._ice.reach(remote.ufrag, remote.pwd, remote.candidates, known)
        self.setup.enter("keys")

    async def _agree_keys(self, remote: LinkOffer) -> None:
        address = self._ice.remote_address
        if address is None or self._mux.routes.of_address(address) is not self:
            raise LinkFailed("superseded")
        outward, inward = await self._association.agree(remote.fingerprint)
        self.setup.enter("channel")
        self.standing.established = True
        self.media.start(self.offer.ufrag, remote.ufrag, outward, inward)
        self._mux.outlets_changed()

    async def _open_channel(self) -> None:
        await self._association.open_channel(
            self._take_message, self.setup.progress, self._ice.consent.rtt_s, self.counters
        )
        self.setup.enter("up")

    def _listen(self) -> None:
        """The end that asked for the link sees to it that messages get through, not sound alone."""
        now, channel = time.monotonic(), self._association.channel
        if not self.setup.is_up or channel is None:
            return
        if now - self.standing.last_heard_s < HEARD_S and not channel.listen(now):
            self._lost("deaf")
            return
        asyncio.get_running_loop().call_later(to_beat(now, BEAT_S / 2), self._listen)

    def _take_message(self, data: bytes) -> None:
        self.heard()
        self.on_message(data)

    def _lost(self, why: str) -> None:
        """The link ended by itself; while it is being made, ``connect`` notices."""
        if self.setup.is_closed:
            return
        was_up = self.setup.is_up
        if was_up:
            self.setup.end()
            trace("link_down", why=why, frames=self.media.arrivals.received)
        self._release()
        if was_up:
            self.on_closed(why)

    def _release(self) -> None:
        """Gives back everything that can be given back without waiting."""
        self.standing.established = False
        self._mux.outlets_changed()
        self._mux.routes.remove(self, self.media)
        self._ice.stop()
        self._association.cut()


def _tied(offer: LinkOffer) -> bytes:
    return offer.fingerprint + offer.ufrag.encode()
