"""Datagrams over TCP, for networks that let out the web alone: relays listen, members dial relays.

A stream carries datagrams, both ways, as if they had come and gone by UDP; to who watches it is a
web page being read (``p2p.link.web``). It has an address of its own
(``wire.addresses.stream_address``), and everything above (ICE, DTLS, SRTP) is the same.

What does not keep up loses datagrams, as on UDP; sound that waited in a buffer would only be late.
"""

import asyncio
import contextlib
import hashlib
import ipaddress
import os
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from email.utils import formatdate
from typing import Final, Literal

from p2p.errors import RemoteError
from p2p.link.demux import MAX_DATAGRAM_BYTES
from p2p.link.web.accept_rate import AcceptRate
from p2p.link.web.ends import End, MemberEnd, RelayEnd
from p2p.link.web.proxy import Proxy, ProxyRefusedError
from p2p.link.web.small import connected_small
from p2p.link.web.tls import member_context
from p2p.link.web.tls_pipe import CertificateRefusedError, TlsPipe
from p2p.link.web.upgrade import UpgradeAnswer, UpgradeRequest
from p2p.token_bucket import Allowance, Rate
from p2p.wire.addresses import Address, normalise, scope_of, stream_address
from p2p.wire.web_place import WebPlace

DIAL_LIMIT_S = 10.0
UNSENT_MAX_BYTES = 1 << 16
READ_MAX_BYTES = 1 << 14
"""Taken at once of one stream; what else is there may wait until others had their turn."""
FRAMES: Final = Rate(burst=2048.0, per_s=512.0)
"""What one member says: sound is 50 a second, and some seconds of it may come late at once."""
STREAMS_MAX = 1024
STREAMS_EACH = 16
"""Streams of one IPv4 address or IPv6 /64: a whole school may come from one."""
STREAMS_NEAR = 64
"""Streams of one IPv4 /24 or IPv6 /48, which one customer of a provider may have for nothing."""
NAMELESS_S = 5.0
"""How long a stream may be of no link, not even of one in the making; a browser's is of none."""
IDLE_S = 60.0
LOOK_EVERY_S = 1.0
SMALL_AFTER_S = 1.5
"""A stream that is not open after so long is dialled in small segments beside."""
NEXT_ADDRESS_S = 0.25
"""Of a name with several addresses the next is tried after so long (RFC 8305)."""

_PREFIXES = {4: (32, 24), 6: (64, 48)}
_NAMED_V4 = ipaddress.ip_network("198.18.0.0/15")
_NAMED_V6 = ipaddress.ip_network("100::/64")

Received = Callable[[bytes, Address], None]
Refusal = Literal["proxy", "certificate", "web"]
"""Why a dialled stream came to nothing: the proxy, its certificate, or what answered there."""


class _Stream(asyncio.BufferedProtocol):
    """One TCP connection.

    Args:
        streams: Where it belongs.
        end: What its bytes mean.
        dialled: Of one that we have dialled, its address; None: somebody has dialled us.
        behind: Whether a web server before us has been dialled in our place.
    """

    def __init__(
        self,
        streams: "Streams",
        end: End,
        dialled: Address | None = None,
        *,
        behind: bool = False,
    ) -> None:
        self._streams = streams
        self._end = end
        self._transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.dialled = dialled is not None
        self.address: Address = dialled or ("", 0)
        self._behind = behind
        self.networks: tuple[str, ...] = ()
        self.heard_s = 0.0
        self.named_s = 0.0
        self._read = bytearray(READ_MAX_BYTES)
        self._frames = Allowance(FRAMES, asyncio.get_running_loop().time())

    @property
    def is_open(self) -> bool:
        return self._end.is_open

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  what TCP gives
        self._transport = transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.heard_s = self.named_s = asyncio.get_running_loop().time()
        if self.dialled:
            self._end.begin()
            self._flush()
            return
        address = normalise(transport.get_extra_info("peername"))
        self.address = stream_address(address)
        self.networks = () if self._behind else _networks(address[0])
        if not self._streams.add(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._streams.remove(self)
        self._over(self._end.lost())

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._read

    def buffer_updated(self, nbytes: int) -> None:
        was_open, before = self._end.is_open, self._end.frames
        try:
            datagrams = self._end.receive(bytes(memoryview(self._read)[:nbytes]))
            if self._end.is_open and not was_open:
                self._open()
            self._bear(self._end.frames - before)
        except RemoteError as exc:
            self._streams.counters["stream_broken"] += not self.dialled
            self._over(exc)
            self._hang_up()
            return
        self._flush()
        if self._end.ended:
            self._hang_up()
        elif self._owes_too_much:
            self._streams.counters["stream_broken"] += 1
            self.abort()
            return
        for datagram in datagrams:
            if 0 < len(datagram) <= MAX_DATAGRAM_BYTES:
                self.heard_s = asyncio.get_running_loop().time()
                self._streams.received(datagram, self.address)

    def _bear(self, frames: int) -> None:
        """Takes so many frames of somebody who dialled us; RemoteError: they are too many."""
        now = asyncio.get_running_loop().time()
        if not self.dialled and not self._frames.take(now, frames):
            raise RemoteError("a flood")

    def _open(self) -> None:
        """Datagrams pass from now on.

        Raises:
            RemoteError: There is no place for it.
        """
        taken = True
        if self.dialled:
            taken = self._streams.add(self)
        elif self._behind:
            come_from = normalise((self._end.forwarded_for, 0))[0]
            ip = self.address[0] if scope_of(come_from) is None else come_from
            taken = self._streams.move(self, ip)
        if not taken:
            raise RemoteError("there is no place for it")
        if not self.opened.done():
            self.opened.set_result(None)

    def _over(self, why: RemoteError) -> None:
        """It will not open any more, if it has not yet."""
        if not self.opened.done():
            self.opened.set_exception(why)
            self.opened.exception()  # nobody need wait for it

    def send(self, data: bytes) -> bool:
        transport = self._transport
        if transport is None or not self._end.is_open:
            return False
        if transport.get_write_buffer_size() > UNSENT_MAX_BYTES:
            return False
        self._end.send(data)
        self._flush()
        return True

    @property
    def _owes_too_much(self) -> bool:
        """Whether the other end asks and asks, for pages or pings, and reads no answer."""
        transport = self._transport
        return transport is not None and transport.get_write_buffer_size() > 2 * UNSENT_MAX_BYTES

    def _flush(self) -> None:
        if self._transport is not None and (data := self._end.outgoing()):
            self._transport.write(data)

    def _hang_up(self) -> None:
        """Ends it when what was to be said has been sent."""
        if self._transport is not None:
            with contextlib.suppress(ssl.SSLError):
                self._flush()
            self._transport.close()

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
        proxy: Through which all streams go that we dial; None: straight.
        families: IP versions that addresses of streams may have, as the socket's.
        refusal: Why the last stream came to nothing that did; None: nobody has answered.
    """

    def __init__(self, received: Received, is_named: Callable[[Address], bool]) -> None:
        self.received = received
        self.proxy: Proxy | None = None
        self.families: tuple[int, ...] = (4,)
        self.refusal: Refusal | None = None
        self.changes = 0
        self.counters: Counter[str] = Counter()
        self._is_named = is_named
        self._streams: dict[Address, _Stream] = {}
        self._crowds: Counter[str] = Counter()
        self._servers: list[asyncio.Server] = []
        self._tidying: asyncio.TimerHandle | None = None
        self._rate: AcceptRate | None = None

    def __contains__(self, address: Address) -> bool:
        return address in self._streams

    def __len__(self) -> int:
        return len(self._streams)

    async def listen(self, address: Address, relay_key: bytes, tls: ssl.SSLContext | None) -> bool:
        """Lets members in that have no UDP.

        Args:
            address: IP literal and port; ``::`` stands for both IP versions, as for UDP.
            relay_key: The relay's public key, 32 bytes: only who knows it is let in.
            tls: With the relay's certificate; None: a web server before us takes TLS off, and says
                from whom it is.

        Returns:
            False if the port is not to be had at all; UDP works without.
        """

        def make() -> _Stream:
            pipe = None if tls is None else TlsPipe(tls, server=True)
            answer = UpgradeAnswer(relay_key, formatdate(usegmt=True))
            return _Stream(self, RelayEnd(pipe, answer), behind=tls is None)

        loop = asyncio.get_running_loop()
        for ip in ("::", "0.0.0.0") if address[0] == "::" else (address[0],):  # noqa: S104
            with contextlib.suppress(OSError):
                self._servers.append(await loop.create_server(make, ip, address[1]))
        return bool(self._servers)

    @property
    def ports(self) -> list[int]:
        """Where it listens."""
        return [sock.getsockname()[1] for server in self._servers for sock in server.sockets]

    async def dial(
        self, place: WebPlace, relay_key: bytes, limit_s: float = DIAL_LIMIT_S
    ) -> Address | None:
        """Opens a stream to a relay.

        Args:
            place: The relay's. A name is looked up by the proxy, else by the system, in the open.
            relay_key: The relay's public key, 32 bytes.
            limit_s: Seconds until it is given up.

        Returns:
            The stream's address; None if it came to nothing: ``refusal`` may say why.
        """
        address = self.address_of(place)
        if address in self._streams:
            return address
        streams: list[_Stream] = []
        try:
            async with asyncio.timeout(limit_s):
                await self._race(place, relay_key, address, streams)
        except ProxyRefusedError:
            self.refusal = "proxy"
        except CertificateRefusedError:
            self.refusal = "certificate"
        except RemoteError:
            self.refusal = "web"
        except TimeoutError:
            pass
        except OSError:
            self.refusal = "proxy" if self.proxy else self.refusal
        finally:
            for stream in streams:
                if self._streams.get(address) is not stream:
                    stream.abort()
        return address if address in self._streams else None

    async def _race(
        self, place: WebPlace, relay_key: bytes, address: Address, streams: list[_Stream]
    ) -> None:
        """Dials, and once more in small segments: where large packets vanish, no word tells it.

        Args:
            place: The relay's.
            relay_key: Its key.
            address: The stream's.
            streams: Takes what was connected.
        """

        async def attempt(*, small: bool) -> None:
            if small:
                await asyncio.sleep(SMALL_AFTER_S)
            stream = await self._connect(place, relay_key, address, small=small)
            streams.append(stream)
            await stream.opened

        first = asyncio.ensure_future(attempt(small=False))
        second = asyncio.ensure_future(attempt(small=True))
        try:
            await asyncio.wait((first, second), return_when=asyncio.FIRST_COMPLETED)
            if first.done() or second.exception() is not None:
                await first
        finally:
            first.cancel()
            second.cancel()
            await asyncio.gather(first, second, return_exceptions=True)

    async def _connect(
        self, place: WebPlace, relay_key: bytes, address: Address, *, small: bool
    ) -> _Stream:
        loop, proxy = asyncio.get_running_loop(), self.proxy
        stream = _Stream(
            self,
            MemberEnd(
                None if proxy is None else proxy.dialogue(place),
                TlsPipe(member_context(checked=place.is_checked), server=False, host=place.host),
                UpgradeRequest(place, relay_key, os.urandom),
            ),
            address,
        )
        host, port = (place.host, place.port) if proxy is None else (proxy.host, proxy.port)
        if small:
            await loop.create_connection(lambda: stream, sock=await connected_small(host, port))
            return stream
        await loop.create_connection(
            lambda: stream, host, port, happy_eyeballs_delay=NEXT_ADDRESS_S
        )
        return stream

    def address_of(self, place: WebPlace) -> Address:
        """The address of a stream that we dial; of a name it is one that no host has."""
        if not place.is_name and not place.path:
            return stream_address((place.host, place.port))
        hashed = int.from_bytes(hashlib.blake2b(str(place).encode(), digest_size=5).digest(), "big")
        network = _NAMED_V4 if 4 in self.families else _NAMED_V6
        host = network[1 + (hashed >> 16) % (1 << 16)]
        return stream_address((str(host), hashed & 0xFFFF))

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

    def move(self, stream: _Stream, ip: str) -> bool:
        """The web server before us says from where a stream is; False if there is no place."""
        self.remove(stream)
        stream.address, stream.networks = (ip, stream.address[1]), _networks(ip)
        return self.add(stream)

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

    def _takes_one_more(self, stream: _Stream) -> bool:
        """Whether there is time for another handshake."""
        now = asyncio.get_running_loop().time()
        if self._rate is None:
            self._rate = AcceptRate(now)
        return self._rate.takes(stream.networks[-1], now)

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
