"""Datagrams over TCP, for networks that let no UDP out: relays listen, members dial relays.

A stream carries length-prefixed datagrams, both ways, as if they had come and gone by UDP. It has
an address of its own (``wire.addresses.stream_address``), and everything above (ICE, DTLS, SRTP)
is the same.

::

    length 2, big-endian, 1 to 1,500 | datagram

What does not keep up loses datagrams, as on UDP; sound that waited in a buffer would only be late.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections import Counter
from collections.abc import Callable

from p2p.link.demux import MAX_DATAGRAM_BYTES
from p2p.wire.addresses import Address, normalise, on_the_wire, stream_address

DIAL_LIMIT_S = 10.0
UNSENT_MAX_BYTES = 1 << 16
STREAMS_MAX = 1024
STREAMS_EACH = 16
"""Streams of one IPv4 address or IPv6 /64: a whole school may come from one."""
STREAMS_NEAR = 64
"""Streams of one IPv4 /24 or IPv6 /48, which one customer of a provider may have for nothing."""
NAMELESS_S = 5.0
"""How long a stream may be of no link, not even of one in the making."""
IDLE_S = 60.0
LOOK_EVERY_S = 1.0

_LENGTH_BYTES = 2
_PREFIXES = {4: (32, 24), 6: (64, 48)}

Received = Callable[[bytes, Address], None]


class _Stream(asyncio.Protocol):
    """One TCP connection."""

    def __init__(self, streams: "Streams", *, dialled: bool = False) -> None:
        self._streams = streams
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self.dialled = dialled
        self.address: Address = ("", 0)
        self.networks: tuple[str, ...] = ()
        self.heard_s = 0.0
        self.named_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  what TCP gives
        self._transport = transport
        address = normalise(transport.get_extra_info("peername"))
        self.address, self.networks = stream_address(address), _networks(address[0])
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.heard_s = self.named_s = asyncio.get_running_loop().time()
        if not self._streams.add(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._streams.remove(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        at = 0
        while len(self._buffer) - at >= _LENGTH_BYTES:
            length = int.from_bytes(self._buffer[at : at + _LENGTH_BYTES], "big")
            if not 0 < length <= MAX_DATAGRAM_BYTES:
                self.abort()
                return
            end = at + _LENGTH_BYTES + length
            if len(self._buffer) < end:
                break
            self.heard_s = asyncio.get_running_loop().time()
            self._streams.received(bytes(self._buffer[at + _LENGTH_BYTES : end]), self.address)
            at = end
        del self._buffer[:at]

    def send(self, data: bytes) -> bool:
        transport = self._transport
        if transport is None or transport.get_write_buffer_size() > UNSENT_MAX_BYTES:
            return False
        transport.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)
        return True

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class Streams:
    """The TCP side of one socket.

    Args:
        received: Takes ``(datagram, address)`` of what arrived.
        is_named: Whether a link, or one in the making, has proven to be at an address.

    Attributes:
        changes: Grows whenever a stream comes or ends.
        counters: Streams that came, were refused, and datagrams that were dropped.
    """

    def __init__(self, received: Received, is_named: Callable[[Address], bool]) -> None:
        self.received = received
        self.changes = 0
        self.counters: Counter[str] = Counter()
        self._is_named = is_named
        self._streams: dict[Address, _Stream] = {}
        self._crowds: Counter[str] = Counter()
        self._servers: list[asyncio.Server] = []
        self._tidying: asyncio.TimerHandle | None = None

    def __contains__(self, address: Address) -> bool:
        return address in self._streams

    def __len__(self) -> int:
        return len(self._streams)

    async def listen(self, address: Address) -> bool:
        """Lets members in that have no UDP.

        Args:
            address: IP literal and port; ``::`` stands for both IP versions, as for UDP.

        Returns:
            False if the port is not to be had at all; UDP works without.
        """
        loop = asyncio.get_running_loop()
        for ip in ("::", "0.0.0.0") if address[0] == "::" else (address[0],):  # noqa: S104
            with contextlib.suppress(OSError):
                self._servers.append(
                    await loop.create_server(lambda: _Stream(self), ip, address[1])
                )
        return bool(self._servers)

    async def dial(self, address: Address, limit_s: float = DIAL_LIMIT_S) -> Address | None:
        """Opens a stream.

        Args:
            address: IP literal and port: a name would be looked up, in the open.
            limit_s: Seconds until it is given up.

        Returns:
            The stream's address; None if nobody took it.
        """
        stream = stream_address(address)
        if stream in self._streams:
            return stream
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(limit_s):
                await loop.create_connection(
                    lambda: _Stream(self, dialled=True), *on_the_wire(address)
                )
            return stream if stream in self._streams else None
        return None

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

    def add(self, stream: _Stream) -> bool:
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

    def remove(self, stream: _Stream) -> None:
        """A stream ended."""
        if self._streams.get(stream.address) is stream:
            del self._streams[stream.address]
            self._crowds.subtract(stream.networks)
            self._crowds += Counter()  # forgets who has none
            self.changes += 1

    def _has_place(self, stream: _Stream) -> bool:
        if stream.dialled:
            return True
        each, near = (self._crowds[network] for network in stream.networks)
        if each >= STREAMS_EACH or near >= STREAMS_NEAR:
            return False
        if len(self._streams) < STREAMS_MAX:
            return True
        nameless = next((s for s in self._streams.values() if not self._is_of_use(s)), None)
        if nameless is not None:
            self.counters["stream_gave_way"] += 1
            self.remove(nameless)
            nameless.abort()
        return nameless is not None

    def _is_of_use(self, stream: _Stream) -> bool:
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


def _networks(ip: str) -> tuple[str, ...]:
    """The two networks that an address is counted in: its own and the one around it."""
    parsed = ipaddress.ip_address(ip)
    prefixes = _PREFIXES[parsed.version]
    return tuple(str(ipaddress.ip_network((ip, bits), strict=False)) for bits in prefixes)
