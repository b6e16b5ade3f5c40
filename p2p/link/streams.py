"""Datagrams over TCP, for networks that let out the web alone: relays listen, members dial relays.

A stream carries datagrams, both ways, as if they had come and gone by UDP; to who watches it is a
web page being read (``p2p.link.web``). It has an address of its own
(``wire.addresses.stream_address``), and everything above (ICE, DTLS, SRTP) is the same.

What does not keep up loses datagrams, as on UDP; sound that waited in a buffer would only be late.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable

from p2p.link.stream import Received, Stream, networks_of
from p2p.link.stream_dialer import StreamDialer
from p2p.link.web.accept_rate import AcceptRate
from p2p.link.web.ends import RelayEnd
from p2p.link.web.proxy import Proxy
from p2p.link.web.tls import RelayContext
from p2p.link.web.tls_pipe import TlsPipe
from p2p.link.web.upgrade import UpgradeAnswer
from p2p.wire.addresses import Address

STREAMS_MAX = 1024
STREAMS_EACH = 16
"""Streams of one IPv4 address or IPv6 /64: a whole school may come from one."""
STREAMS_NEAR = 64
"""Streams of one IPv4 /24 or IPv6 /48, which one customer of a provider may have for nothing."""
NAMELESS_S = 5.0
"""How long a stream may be of no link, not even of one in the making; a browser's is of none."""
IDLE_S = 60.0
LOOK_EVERY_S = 1.0


class Streams:
    """The TCP side of one socket.

    Args:
        received: Takes ``(datagram, address)`` of what arrived.
        is_named: Whether a link, or one in the making, has proven to be at an address.
        families: IP versions that addresses of streams may have, as the socket's.
        proxy: Through which all streams go that we dial; None: straight.

    Attributes:
        changes: Grows whenever a stream comes or ends.
        counters: Streams that came, were refused, and datagrams that were dropped.
        dialer: Opens streams to relays.
    """

    def __init__(
        self,
        received: Received,
        is_named: Callable[[Address], bool],
        families: tuple[int, ...],
        proxy: Proxy | None,
    ) -> None:
        self.received = received
        self.dialer = StreamDialer(self, proxy, families)
        self.changes = 0
        self.counters: Counter[str] = Counter()
        self._is_named = is_named
        self._streams: dict[Address, Stream] = {}
        self._crowds: Counter[str] = Counter()
        self._servers: list[asyncio.Server] = []
        self._tidying: asyncio.TimerHandle | None = None
        self._rate: AcceptRate | None = None

    def __len__(self) -> int:
        return len(self._streams)

    async def listen(self, address: Address, relay_key: bytes, tls: RelayContext | None) -> bool:
        """Lets members in that have no UDP.

        Args:
            address: IP literal and port; ``::`` stands for both IP versions, as for UDP.
            relay_key: The relay's public key, 32 bytes: only who knows it is let in.
            tls: With the relay's certificate; None: a web server before us takes TLS off, and says
                from whom it is.

        Returns:
            False if the port is not to be had at all; UDP works without.
        """

        def make() -> Stream:
            pipe = None if tls is None else TlsPipe(tls, server=True)
            shown = None if tls is None else tls.certificate
            from email.utils import formatdate  # half a megabyte, and only a relay answers

            answer = UpgradeAnswer(relay_key, formatdate(usegmt=True), shown)
            return Stream(self, RelayEnd(pipe, answer), behind=tls is None)

        loop = asyncio.get_running_loop()
        for ip in ("::", "0.0.0.0") if address[0] == "::" else (address[0],):  # noqa: S104
            with contextlib.suppress(OSError):
                self._servers.append(await loop.create_server(make, ip, address[1]))
        return bool(self._servers)

    @property
    def ports(self) -> list[int]:
        """Where it listens."""
        return [sock.getsockname()[1] for server in self._servers for sock in server.sockets]

    def of(self, address: Address) -> Stream | None:
        """The stream of an address, if there is one."""
        return self._streams.get(address)

    def send(self, data: bytes, address: Address) -> bool:
        """Sends a datagram over the stream of this address.

        Returns:
            False: there is none. What a stream cannot take now is counted and lost.
        """
        stream = self._streams.get(address)
        if stream is None:
            return False
        if not stream.send(data):
            self.counters["stream_behind"] += 1
        return True

    def hang_up(self, address: Address) -> None:
        """Ends the stream of an address, if there is one."""
        stream = self._streams.get(address)
        if stream is not None:
            stream.abort()

    def close(self) -> None:
        """Ends everything."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        if self._tidying is not None:
            self._tidying.cancel()
            self._tidying = None
        for stream in list(self._streams.values()):
            stream.abort()

    def add(self, stream: Stream) -> bool:
        """A stream came up; False if there is no place for it."""
        if stream.address in self._streams or not self._has_place(stream):
            self.counters["stream_refused"] += 1
            return False
        self.counters["stream_up"] += 1
        self._streams[stream.address] = stream
        self._crowds.update(stream.networks)
        self.changes += 1
        if self._tidying is None:
            self._tidying = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._tidy)
        return True

    def move(self, stream: Stream, ip: str) -> bool:
        """The web server before us says from where a stream is; False if there is no place."""
        self.remove(stream)
        stream.address, stream.networks = (ip, stream.address[1]), networks_of(ip)
        return self.add(stream)

    def remove(self, stream: Stream) -> None:
        """A stream ended."""
        if self._streams.get(stream.address) is stream:
            del self._streams[stream.address]
            self._crowds.subtract(stream.networks)
            self._crowds += Counter()  # forgets who has none
            self.changes += 1

    def _has_place(self, stream: Stream) -> bool:
        if stream.dialled:
            return True
        if stream.networks and not stream.is_open and not self._takes_one_more(stream):
            return False
        crowds = [self._crowds[network] for network in stream.networks]
        most = STREAMS_EACH, STREAMS_NEAR
        if any(crowd >= limit for crowd, limit in zip(crowds, most, strict=False)):
            return False
        if len(self._streams) < STREAMS_MAX:
            return True
        nameless = next((s for s in self._streams.values() if not self._is_of_use(s)), None)
        if nameless is not None:
            self.counters["stream_gave_way"] += 1
            self.remove(nameless)
            nameless.abort()
        return nameless is not None

    def _takes_one_more(self, stream: Stream) -> bool:
        """Whether there is time for another handshake."""
        now = asyncio.get_running_loop().time()
        if self._rate is None:
            self._rate = AcceptRate(now)
        return self._rate.takes(stream.networks[-1], now)

    def _is_of_use(self, stream: Stream) -> bool:
        return stream.dialled or self._is_named(stream.address)

    def _tidy(self) -> None:
        """Ends streams on which nothing came for long, and those that belong to no link."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for stream in list(self._streams.values()):
            if self._is_of_use(stream):
                stream.named_s = now
            elif now - stream.named_s > NAMELESS_S:
                self.counters["stream_nameless"] += 1
                stream.abort()
            if now - stream.heard_s > IDLE_S:
                stream.abort()
        self._tidying = loop.call_later(LOOK_EVERY_S, self._tidy) if self._streams else None
