"""One TCP connection that carries datagrams as a web page being read; see ``streams``."""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

from p2p.errors import RemoteError
from p2p.link.demux import MAX_DATAGRAM_BYTES
from p2p.link.web.ends import End
from p2p.token_bucket import Allowance, Rate
from p2p.wire.addresses import Address, normalise, scope_of, stream_address

UNSENT_MAX_BYTES = 1 << 16
READ_MAX_BYTES = 1 << 14
"""Taken at once of one stream; what else is there may wait until others had their turn."""
FRAMES: Final = Rate(burst=2048.0, per_s=512.0)
"""What one member says: sound is 50 a second, and some seconds of it may come late at once."""

Received = Callable[[bytes, Address], None]

_PREFIXES = {4: (32, 24), 6: (64, 48)}


class Table(Protocol):
    """All streams of one socket, as one of them sees it.

    Attributes:
        counters: What was dropped and why.
        received: Takes ``(datagram, address)`` of what came over it.
    """

    counters: Counter[str]
    received: Received

    def add(self, stream: "Stream") -> bool:
        """It came up; False if there is no place for it."""
        ...

    def move(self, stream: "Stream", ip: str) -> bool:
        """The web server before us says from where it is; False if there is no place."""
        ...

    def remove(self, stream: "Stream") -> None:
        """It ended."""
        ...


class Stream(asyncio.BufferedProtocol):
    """One TCP connection.

    Args:
        table: Where it belongs.
        end: What its bytes mean.
        dialled: Of one that we have dialled, its address; None: somebody has dialled us.
        behind: Whether a web server before us has been dialled in our place.

    Attributes:
        opened: Done when datagrams pass, or when they never will.
        dialled: Whether we have dialled it.
        address: See ``wire.addresses.stream_address``.
        networks: In which it is counted.
        heard_s: When a datagram came last, by the loop's clock.
        named_s: When it was last that of a link.
    """

    def __init__(
        self,
        table: Table,
        end: End,
        dialled: Address | None = None,
        *,
        behind: bool = False,
    ) -> None:
        self._table = table
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
        """Datagrams pass."""
        return self._end.is_open

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: there is a connection."""
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
        self.networks = () if self._behind else networks_of(address[0])
        if not self._table.add(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: it is gone."""
        self._table.remove(self)
        self._over(self._end.lost())

    def get_buffer(self, sizehint: int) -> bytearray:
        """Asyncio: where it reads to."""
        return self._read

    def buffer_updated(self, nbytes: int) -> None:
        """Asyncio: so much was read."""
        was_open, before = self._end.is_open, self._end.frames
        try:
            datagrams = self._end.receive(bytes(memoryview(self._read)[:nbytes]))
            if self._end.is_open and not was_open:
                self._open()
            self._bear(self._end.frames - before)
        except RemoteError as exc:
            self._table.counters["stream_broken"] += not self.dialled
            self._over(exc)
            self._hang_up()
            return
        self._flush()
        if self._end.ended:
            self._hang_up()
        elif self._owes_too_much:
            self._table.counters["stream_broken"] += 1
            self.abort()
            return
        for datagram in datagrams:
            if 0 < len(datagram) <= MAX_DATAGRAM_BYTES:
                self.heard_s = asyncio.get_running_loop().time()
                self._table.received(datagram, self.address)

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
            taken = self._table.add(self)
        elif self._behind:
            come_from = normalise((self._end.forwarded_for, 0))[0]
            ip = self.address[0] if scope_of(come_from) is None else come_from
            taken = self._table.move(self, ip)
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
        """Sends a datagram; False if it cannot be taken now."""
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
        """Ends it at once."""
        if self._transport is not None:
            self._transport.abort()


def networks_of(ip: str) -> tuple[str, ...]:
    """The two networks that an address is counted in: its own and the one around it."""
    parsed = ipaddress.ip_address(ip)
    prefixes = _PREFIXES[parsed.version]
    return tuple(str(ipaddress.ip_network((ip, bits), strict=False)) for bits in prefixes)
