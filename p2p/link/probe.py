"""Asks a relay or an entry node one HELLO by UDP and one by TCP, and makes no link.

Nothing of the person goes out: the key that asks is new each time, and the offer in the HELLO names
no address and is never taken up.
"""

import asyncio
import base64
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from crypto.dh import KeyPair
from crypto.ids import DhKey
from crypto.knock import FIRST_BYTES, HELLO, NO_PSK
from crypto.veil import Veil
from p2p.errors import RemoteError
from p2p.link.candidates import host_address_towards
from p2p.link.mux import Mux
from p2p.link.stream_dialer import Refusal
from p2p.link.streams import Streams
from p2p.link.transactions import Calls
from p2p.rng import Rng
from p2p.wire.addresses import Address, on_the_wire
from p2p.wire.offers import Hello, HelloAck, LinkOffer
from p2p.wire.version import PROTOCOL_VERSION
from p2p.wire.web_place import WebPlace

_ACK_BYTE = FIRST_BYTES[HELLO][1]


@dataclass(frozen=True, slots=True)
class Probe:
    """How one node answered.

    Attributes:
        udp_ms: Round trip by UDP, milliseconds; None: no answer in time, or not asked.
        tcp_ms: Round trip by a stream; None likewise.
        refusal: Why no stream came up; None: one did, or nobody took the connection.
        seen: Where the node saw our UDP come from; foreign, None without an answer.
        own: Our own address on the way to it; None: there is no way, or none was asked for.
    """

    udp_ms: float | None = None
    tcp_ms: float | None = None
    refusal: Refusal | None = None
    seen: Address | None = None
    own: Address | None = None

    @property
    def answered(self) -> bool:
        """Whether it answered at all."""
        return self.udp_ms is not None or self.tcp_ms is not None


@dataclass(frozen=True, slots=True)
class Reply:
    """What one HELLO came to.

    Attributes:
        rtt_ms: Round trip, milliseconds.
        seen: Where the node saw it come from; foreign.
    """

    rtt_ms: float
    seen: Address


async def ask_once(
    calls: Calls, dh: DhKey, send: Callable[[bytes], None], limit_s: float, rng: Rng
) -> Reply | None:
    """Ask a node one HELLO, and take up no link.

    Args:
        calls: Of the socket by which the answer comes.
        dh: The node's public key.
        send: Takes the datagrams there.
        limit_s: After so long there is no answer.
        rng: Source of what stands in the offer.
    """
    payload = Hello(PROTOCOL_VERSION, made_up_offer(rng)).encode()
    try:
        answer = await calls.ask(dh, NO_PSK, HELLO, payload, send, limit_s)
        ack = HelloAck.decode(answer.payload)
    except (TimeoutError, RemoteError):
        return None
    return Reply(answer.rtt_s * 1000.0, on_the_wire(ack.seen.address))


def made_up_offer(rng: Rng) -> LinkOffer:
    """An offer like any other, of a link that is never made."""
    text = base64.b64encode(rng(21)).decode()
    return LinkOffer(text[:4], text[4:26], rng(32))


class Prober:
    """Asks many nodes from one socket. Behind a proxy, by streams through it alone.

    Args:
        mux: The socket, known by the key of ``secret``; what comes in is taken from it.
        secret: X25519, for this alone.
        rng: Source of keys.
    """

    def __init__(self, mux: Mux, secret: bytes, rng: Rng) -> None:
        self._mux = mux
        self._calls = Calls(secret, rng)
        self._own = Veil(KeyPair(secret).public)
        self._rng = rng
        mux.on_datagram = self._receive
        mux.on_noise = self._receive_noise

    async def probe(
        self, dh: DhKey, addresses: Sequence[Address], webs: Sequence[WebPlace], limit_s: float
    ) -> Probe:
        """Ask one node by all ways at once.

        Args:
            dh: Its public key, 32 bytes.
            addresses: Where it is by UDP.
            webs: Where it is by streams.
            limit_s: After so long there is no answer.
        """
        by_udp = addresses if not self._mux.web_only else ()
        (reply, place), (stream_reply, refusal) = await asyncio.gather(
            self._by_udp(dh, by_udp, limit_s), self._by_streams(dh, webs, limit_s)
        )
        return Probe(
            udp_ms=None if reply is None else reply.rtt_ms,
            tcp_ms=None if stream_reply is None else stream_reply.rtt_ms,
            refusal=None if stream_reply is not None else refusal,
            seen=None if reply is None else reply.seen,
            own=None if place is None else host_address_towards(self._mux, place),
        )

    async def _by_udp(
        self, dh: DhKey, addresses: Sequence[Address], limit_s: float
    ) -> tuple[Reply | None, Address | None]:
        replies = await asyncio.gather(
            *(
                self._ask(dh, lambda data, to=each: self._mux.send(data, to, Veil(dh)), limit_s)  # type: ignore[misc]
                for each in addresses
            )
        )
        for reply, address in zip(replies, addresses, strict=True):
            if reply is not None:
                return reply, address
        return None, None

    async def _by_streams(
        self, dh: DhKey, webs: Sequence[WebPlace], limit_s: float
    ) -> tuple[Reply | None, Refusal | None]:
        tried = await asyncio.gather(*(self._by_stream(dh, each, limit_s) for each in webs))
        reply = next((reply for reply, _ in tried if reply is not None), None)
        return reply, next((refusal for _, refusal in tried if refusal is not None), None)

    async def _by_stream(
        self, dh: DhKey, web: WebPlace, limit_s: float
    ) -> tuple[Reply | None, Refusal | None]:
        """With streams of its own, which know why this one came to nothing."""
        ours = self._mux.streams.dialer
        streams = Streams(self._take, lambda _address: True, ours.families, ours.proxy)
        ends_s = asyncio.get_running_loop().time() + limit_s
        try:
            address = await streams.dialer.dial(web, dh, limit_s)
            if address is None:
                return None, streams.dialer.refusal
            left_s = max(0.0, ends_s - asyncio.get_running_loop().time())
            send = partial(self._send_covered, streams, address, Veil(dh))
            return await self._ask(dh, send, left_s), None
        finally:
            streams.close()

    async def _ask(self, dh: DhKey, send: Callable[[bytes], None], limit_s: float) -> Reply | None:
        return await ask_once(self._calls, dh, send, limit_s, self._rng)

    def _receive(self, data: bytes, _sender: Address) -> None:
        if data[0] != _ACK_BYTE:
            raise RemoteError("answer to nothing")
        self._calls.receive(data)

    def _receive_noise(self, data: bytes, _sender: Address) -> None:
        if not self._calls.take_cookie(data):
            raise RemoteError("answer to nothing")

    def _take(self, data: bytes, sender: Address) -> None:
        datagram = self._own.lift(data)
        with contextlib.suppress(RemoteError):
            if datagram is None:
                self._receive_noise(data, sender)
            else:
                self._receive(datagram, sender)

    def _send_covered(self, streams: Streams, address: Address, veil: Veil, data: bytes) -> None:
        streams.send(veil.cover(data, self._rng, first=True), address)
