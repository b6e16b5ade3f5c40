"""Datagrams over TCP, for networks that let no UDP out: relays listen, members dial relays.

A stream carries length-prefixed datagrams, both ways, as if they had come and gone by UDP: the
peer's TCP address stands for its UDP address, and everything above (ICE, DTLS, SRTP) is the same.

::

    length 2, big-endian, 1 to 1,500 | datagram

What does not keep up loses datagrams, as on UDP; sound that waited in a buffer would only be late.
"""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable

from p2p.link.demux import MAX_DATAGRAM_BYTES
from p2p.wire.addresses import Address, normalise

DIAL_LIMIT_S = 3.0
UNSENT_MAX_BYTES = 1 << 16
STREAMS_MAX = 256
STREAMS_EACH = 16
"""Streams of one IP address: a whole school may come from one."""
IDLE_S = 60.0

_LENGTH_BYTES = 2

Received = Callable[[bytes, Address], None]


class _Stream(asyncio.Protocol):
    """One TCP connection."""

    def __init__(self, streams: "Streams") -> None:
        self._streams = streams
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self.address: Address = ("", 0)
        self.heard_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  what TCP gives
        self._transport = transport
        self.address = normalise(transport.get_extra_info("peername"))
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.heard_s = asyncio.get_running_loop().time()
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

    Attributes:
        changes: Grows whenever a stream comes or ends.
        counters: Streams that came, were refused, and datagrams that were dropped.
    """

    def __init__(self, received: Received) -> None:
        self.received = received
        self.changes = 0
        self.counters: Counter[str] = Counter()
        self._streams: dict[Address, _Stream] = {}
        self._server: asyncio.Server | None = None
        self._tidying: asyncio.TimerHandle | None = None

    def __contains__(self, address: Address) -> bool:
        return address in self._streams

    def __len__(self) -> int:
        return len(self._streams)

    async def listen(self, address: Address) -> bool:
        """Lets members in that have no UDP.

        Args:
            address: IP literal and port.

        Returns:
            False if the port is not to be had; UDP works without.
        """
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            self._server = await loop.create_server(lambda: _Stream(self), *address)
            return True
        return False

    async def dial(self, address: Address, limit_s: float = DIAL_LIMIT_S) -> bool:
        """Opens a stream; from then on everything for this address goes over it.

        Args:
            address: IP literal and port: a name would be looked up, in the open.
            limit_s: Seconds until it is given up.

        Returns:
            False if nobody took it.
        """
        if address in self._streams:
            return True
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(limit_s):
                await loop.create_connection(lambda: _Stream(self), *address)
            return address in self._streams
        return False

    def send(self, data: bytes, address: Address) -> bool:
        """Sends a datagram over the stream to this address, if there is one.

        Returns:
            False: there is none, use UDP. What a stream cannot take now is counted and lost.
        """
        stream = self._streams.get(address)
        if stream is None:
            return False
        if not stream.send(data):
            self.counters["stream_behind"] += 1
        return True

    def hang_up(self, address: Address) -> None:
        """Ends the stream to an address, if there is one."""
        stream = self._streams.get(address)
        if stream is not None:
            stream.abort()

    def close(self) -> None:
        """Ends everything."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._tidying is not None:
            self._tidying.cancel()
            self._tidying = None
        for stream in list(self._streams.values()):
            stream.abort()

    def add(self, stream: _Stream) -> bool:
        """A stream came up; False if there is no place for it."""
        same = sum(ip == stream.address[0] for ip, _ in self._streams)
        full = len(self._streams) >= STREAMS_MAX or same >= STREAMS_EACH
        if full or stream.address in self._streams:
            self.counters["stream_refused"] += 1
            return False
        self.counters["stream_up"] += 1
        self._streams[stream.address] = stream
        self.changes += 1
        if self._tidying is None:
            self._tidying = asyncio.get_running_loop().call_later(IDLE_S, self._tidy)
        return True

    def remove(self, stream: _Stream) -> None:
        """A stream ended."""
        if self._streams.get(stream.address) is stream:
            del self._streams[stream.address]
            self.changes += 1

    def _tidy(self) -> None:
        """Ends streams on which nothing came for long."""
        loop = asyncio.get_running_loop()
        for stream in list(self._streams.values()):
            if loop.time() - stream.heard_s > IDLE_S:
                stream.abort()
        self._tidying = loop.call_later(IDLE_S, self._tidy) if self._streams else None
