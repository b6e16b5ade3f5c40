"""Asks a relay or an entry node one HELLO by UDP and one by TLS, and makes no link.

Nothing of the person goes out: the key that asks is new each time, and the offer in the HELLO names
no address and is never taken up.
"""

import asyncio
import base64
from dataclasses import dataclass

from crypto.cookie import COOKIE_BYTE
from crypto.ids import DhKey
from crypto.knock import FIRST_BYTES, HELLO, NO_PSK
from p2p.errors import RemoteError
from p2p.link.candidates import host_address_towards
from p2p.link.mux import Mux
from p2p.link.transactions import Calls
from p2p.rng import Rng
from p2p.wire.addresses import Address, on_the_wire
from p2p.wire.offers import Hello, HelloAck, LinkOffer
from p2p.wire.version import PROTOCOL_VERSION
from p2p.wire.web_place import WebPlace

_ANSWERS = (COOKIE_BYTE, FIRST_BYTES[HELLO][1])


@dataclass(frozen=True, slots=True)
class Probe:
    """How one node answered.

    Attributes:
        udp_ms: Round trip by UDP, milliseconds; None: no answer in time.
        tcp_open: Whether somebody answers by TLS there: the node, or a web server.
        tcp_ms: Round trip by TCP; None: no answer, or no connection.
        seen: Where the node saw our UDP come from; foreign, None without an answer.
        own: Our own address on the way to it; None: there is no way.
    """

    udp_ms: float | None = None
    tcp_open: bool = False
    tcp_ms: float | None = None
    seen: Address | None = None
    own: Address | None = None

    @property
    def answered(self) -> bool:
        """Whether it answered at all."""
        return self.udp_ms is not None or self.tcp_ms is not None


@dataclass(frozen=True, slots=True)
class _Reply:
    rtt_ms: float | None = None
    seen: Address | None = None


class Prober:
    """Asks many nodes from one socket.

    Args:
        mux: The socket; what comes in is taken from it.
        rng: Source of keys.
    """

    def __init__(self, mux: Mux, rng: Rng) -> None:
        self._mux = mux
        self._calls = Calls(rng(32), rng)
        self._rng = rng
        mux.on_datagram = self._receive

    async def probe(
        self, dh: DhKey, address: Address, limit_s: float, place: WebPlace | None = None
    ) -> Probe:
        """Ask one node by both ways at once.

        Args:
            dh: Its public key, 32 bytes.
            address: Its IP literal and port.
            limit_s: After so long there is no answer.
            place: Where alone it takes streams; None: it is asked both ways at its address.
        """
        by_udp, (tcp_open, by_tcp) = await asyncio.gather(
            self._ask(dh, address, limit_s) if place is None else _not_asked(),
            self._by_tcp(dh, place or WebPlace(*address), limit_s),
        )
        return Probe(
            udp_ms=by_udp.rtt_ms,
            tcp_open=tcp_open,
            tcp_ms=by_tcp.rtt_ms,
            seen=by_udp.seen,
            own=host_address_towards(self._mux, address),
        )

    async def _by_tcp(self, dh: DhKey, place: WebPlace, limit_s: float) -> tuple[bool, _Reply]:
        began_s = asyncio.get_running_loop().time()
        stream = await self._mux.streams.dial(place, dh, limit_s)
        # Said in this very moment, so it is of no other attempt.
        refused, self._mux.streams.refusal = self._mux.streams.refusal, None
        if stream is None:
            return refused is not None, _Reply()
        try:
            left_s = began_s + limit_s - asyncio.get_running_loop().time()
            return True, await self._ask(dh, stream, max(left_s, 0.0))
        finally:
            self._mux.streams.hang_up(stream)

    async def _ask(self, dh: DhKey, address: Address, limit_s: float) -> _Reply:
        payload = Hello(PROTOCOL_VERSION, self._offer()).encode()
        try:
            answer = await self._calls.ask(
                dh, NO_PSK, HELLO, payload, lambda data: self._mux.send(data, address), limit_s
            )
            ack = HelloAck.decode(answer.payload)
        except (TimeoutError, RemoteError):
            return _Reply()
        return _Reply(answer.rtt_s * 1000.0, on_the_wire(ack.seen.address))

    def _offer(self) -> LinkOffer:
        """An offer like any other, of a link that is never made."""
        text = base64.b64encode(self._rng(21)).decode()
        return LinkOffer(text[:4], text[4:26], self._rng(32))

    def _receive(self, data: bytes, _sender: Address) -> None:
        if data[0] not in _ANSWERS:
            raise RemoteError("answer to nothing")
        self._calls.receive(data)


async def _not_asked() -> _Reply:
    return _Reply()
