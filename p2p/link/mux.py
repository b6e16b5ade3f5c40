"""The one UDP socket of a node: own datagrams, STUN, DTLS and SRTP share it (RFC 7983).

On the wire all of them are under a veil (``crypto.veil``): whose key the receiver has, covers what
is sent; what comes is lifted here, whatever its way and its sender.

Everything that goes out or comes in passes ``_transmit`` and ``_received``; nothing is sent
anywhere but to the addresses that callers name, and no name is ever looked up.
"""

import asyncio
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Protocol, cast

from crypto.veil import SAMPLE_BYTES, Veil
from p2p.errors import LocalError, RemoteError
from p2p.link.bind import bound_socket
from p2p.link.demux import APPLICATION_DATA, KINDS, MAX_DATAGRAM_BYTES, Kind, stun_head
from p2p.link.flood_filter import let_in, queue_fill
from p2p.link.routes import Routes
from p2p.link.rtp import FIRST_BYTE, HEADER_BYTES, PAYLOAD_TYPE, ssrc_in
from p2p.link.streams import Streams
from p2p.link.targets import Targets
from p2p.link.web.proxy import Proxy
from p2p.link.windows_udp import read_again
from p2p.rng import system_rng
from p2p.wire.addresses import Address, SocketAddress, is_stream, normalise

MAX_UNSENT_BYTES = 1 << 18
RECEIVE_BYTES = 2048
"""More than a datagram may have, so that one that is too long shows."""
WHOLE_BYTES = 1 << 16
"""Longer than any datagram. Windows calls one that was cut an error, and asyncio reads no more."""
READ_ON_MAX = 32
"""Datagrams that are taken in one go besides the first; timers and tasks wait for them."""
PUT_OFF_MAX = 512
"""Datagrams of each kind that may wait."""
AT_ONCE_S = 0.001
"""How long messages, checks of links to come and our own datagrams are worked at in one go."""

_THIS_MACHINE: Address = ("127.0.0.1", 0)


class _DatagramTransport(Protocol):
    """What asyncio's datagram transports have, though not all of it is declared."""

    max_size: int

    def sendto(self, data: bytes, addr: SocketAddress) -> None: ...

    def get_write_buffer_size(self) -> int: ...

    def abort(self) -> None: ...


class Mux(asyncio.DatagramProtocol):
    """One socket and the table of who gets what.

    Args:
        sock: Bound.
        proxy: See ``open``.
        own: See ``open``.

    Attributes:
        on_datagram: Takes ``(data, sender)`` of datagrams that begin with a byte of 192-255,
            or with that of BitTorrent's DHT.
            ``RemoteError`` from it is counted.
        on_noise: Takes the same of what no veil was lifted from, likewise.
        routes: Which link gets what.
        streams: The same over TCP, where there is no UDP.
        counters: What was received, sent, dropped and why.
        media_sizes: UDP payload size of each media datagram sent, in bytes, with its count.
    """

    def __init__(
        self, sock: socket.socket, proxy: Proxy | None = None, own: Veil | None = None
    ) -> None:
        self.on_datagram: Callable[[bytes, Address], None] = lambda _data, _sender: None
        self.on_noise: Callable[[bytes, Address], None] = lambda _data, _sender: None
        self.routes = Routes()
        self._targets = Targets(sock, by_udp=proxy is None)
        self.streams = Streams(
            lambda data, sender: self._received(data, sender, time.monotonic()),
            lambda address: self.routes.of_address(address) is not None,
            self._targets.families,
            proxy,
        )
        self.counters: Counter[str] = Counter()
        self.media_sizes: Counter[int] = Counter()
        self._own = own
        self._sock = sock
        self._bound = normalise(sock.getsockname())
        self._put_off: dict[Kind, deque[tuple[bytes, Address]]] = {
            Kind.DTLS: deque(),
            Kind.MESSAGES: deque(),
            Kind.STUN: deque(),
            Kind.OWN: deque(),
            Kind.NOISE: deque(),
        }
        self._transport: _DatagramTransport | None = None

    @classmethod
    async def open(
        cls,
        listen: Address | None = None,
        proxy: Proxy | None = None,
        own: Veil | None = None,
    ) -> "Mux":
        """Binds the socket and starts to receive.

        Args:
            listen: IP literal and port (0: any). None: any port, both IP versions where the
                machine has them.
            proxy: Through which everything goes. Nothing is sent by UDP then: the socket is bound
                to this machine alone, and what is to go out by it is counted and lost.
            own: Of the key by which others know this node: it is lifted from all that comes. None:
                nobody knows us by a key, and datagrams are taken as they are.

        Raises:
            UserError: The port is in use, the address is not one of this machine, or there is
                no network at all.
        """
        sock = bound_socket(listen if proxy is None else _THIS_MACHINE)
        loop = asyncio.get_running_loop()
        _, mux = await loop.create_datagram_endpoint(lambda: cls(sock, proxy, own), sock=sock)
        return mux

    @property
    def web_only(self) -> bool:
        """Whether nothing may go out but by streams, through the proxy."""
        return self.streams.dialer.proxy is not None

    @property
    def families(self) -> tuple[int, ...]:
        """IP versions that can be sent to: 4, 6 or both."""
        return self._targets.families

    @property
    def local_ip(self) -> str:
        """To which the socket is bound."""
        return self._bound[0]

    @property
    def local_port(self) -> int:
        """The same of the port."""
        return self._bound[1]

    @property
    def raw_socket(self) -> socket.socket:
        """For those who send many datagrams at once; closed with the mux."""
        return self._sock

    @property
    def changes(self) -> int:
        """Grows whenever the ``outlet`` of a link may be another, or a stream comes or ends."""
        return self.routes.outlet_changes + self.streams.changes

    @property
    def wildcard(self) -> bool:
        """Whether the socket is bound to every address of the machine."""
        return self.local_ip in ("::", "0.0.0.0")  # noqa: S104  compared, not bound

    def send(self, data: bytes, address: Address, veil: Veil | None = None) -> None:
        """Sends one datagram; what cannot be sent is counted and lost.

        Args:
            data: As the receiver is to have it.
            address: Where to.
            veil: Of the receiver; None: it goes as it is.

        Raises:
            LocalError: It is empty or longer than 1,500 bytes.
        """
        self._transmit(data, address, veil)

    def let_hellos_in(self, share: float) -> bool:
        """See ``shed.let_in``."""
        return let_in(self._sock, share)

    @property
    def queue_fill(self) -> float:
        """How full the queue of received datagrams is, 0 to 1."""
        return queue_fill(self._sock)

    def send_media(self, data: bytes, address: Address, veil: Veil | None = None) -> None:
        """Sends one SRTP packet, see ``send``, and counts its size."""
        self.media_sizes[len(data)] += 1
        self._transmit(data, address, veil)

    def sent_media(self, sizes: Sequence[int]) -> None:
        """Counts SRTP packets that somebody sent on the socket, each with its size in bytes."""
        if sizes:
            first = sizes[0]
            alike = sizes.count(first)  # as a rule all of them
            self.media_sizes[first] += alike
            if alike < len(sizes):
                self.media_sizes.update(size for size in sizes if size != first)
        self.counters["sent"] += len(sizes)
        self.counters["bytes_out"] += sum(sizes)

    def outlets_changed(self) -> None:
        """A link got or lost its keys or moved to another address."""
        self.routes.outlet_changes += 1

    def target(self, address: Address) -> SocketAddress | None:
        """The address as the socket wants it.

        Returns:
            None if UDP does not get there from here: the socket is closed, or it is no address of
            a single host, or that of a stream.
        """
        return None if self._transport is None else self._targets[address]

    def close(self) -> None:
        """Closes the socket; links are closed before by their owners."""
        self.streams.close()
        for waiting in self._put_off.values():
            waiting.clear()
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
            self.outlets_changed()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: the socket is ready."""
        self._transport = cast("_DatagramTransport", transport)
        # The loop of Windows reads ahead by itself; all others tell when something has come.
        reads_on = isinstance(asyncio.get_running_loop(), asyncio.SelectorEventLoop)
        # asyncio asks the system for 256 KiB of memory for each datagram, and gives it back.
        self._transport.max_size = RECEIVE_BYTES if reads_on else WHOLE_BYTES

    @property
    def _reads_on(self) -> bool:
        return self._transport is not None and self._transport.max_size == RECEIVE_BYTES

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: the socket is closed."""
        self._transport = None
        self.outlets_changed()

    def error_received(self, exc: Exception) -> None:
        """Asyncio: the kernel could not send or receive, for instance while the network is gone."""
        self.counters["socket_errors"] += 1
        if not self._reads_on and self._transport is not None:
            read_again(self._transport, asyncio.get_running_loop())

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Asyncio: a datagram arrived."""
        self._received(data, normalise(addr), time.monotonic())
        if self._reads_on:
            self._read_on()

    def _read_on(self) -> None:
        """Takes what else has arrived: asyncio would run everything else first, each time."""
        for _ in range(READ_ON_MAX):
            if self._transport is None:
                return
            try:
                data, addr = self._sock.recvfrom(RECEIVE_BYTES)
            except OSError:  # there is nothing; or the network's trouble, of which asyncio hears
                return
            self._received(data, normalise(addr), time.monotonic())

    def _received(self, data: bytes, address: Address, arrival_s: float) -> None:
        if not 0 < len(data) <= MAX_DATAGRAM_BYTES:
            self.counters["bad_size"] += 1
            return
        self.counters["bytes_in"] += len(data)
        kind, data = (KINDS[data[0]], data) if self._own is None else self._lifted(data, self._own)
        self.counters[kind.value] += 1
        self._take(kind, data, address, arrival_s)

    def _take(self, kind: Kind, data: bytes, address: Address, arrival_s: float) -> None:
        try:
            match kind:
                case Kind.MEDIA:
                    self._media_received(data, address, arrival_s)
                case Kind.STUN:
                    self._stun_received(data, address)
                case Kind.DTLS:
                    self._later(self._kind_of_dtls(data, address), data, address)
                case Kind.OWN | Kind.NOISE:
                    self._later(kind, data, address)
                case _:
                    pass
        except RemoteError:
            self.counters["refused"] += 1

    def _lifted(self, data: bytes, own: Veil) -> tuple[Kind, bytes]:
        """What is under the veil; what is under none of ours is noise, as it is."""
        if len(data) > HEADER_BYTES + SAMPLE_BYTES:
            packet = own.mask(data)
            if (packet[0], packet[1]) == (FIRST_BYTE, PAYLOAD_TYPE):
                ssrc = ssrc_in(packet)
                if ssrc is not None and self.routes.of_ssrc(ssrc) is not None:
                    return Kind.MEDIA, packet
        datagram = own.lift(data)
        return (Kind.NOISE, data) if datagram is None else (KINDS[datagram[0]], datagram)

    def _media_received(self, data: bytes, address: Address, arrival_s: float) -> None:
        ssrc = ssrc_in(data)
        media = None if ssrc is None else self.routes.of_ssrc(ssrc)
        if media is None:
            self.counters["media_stranger"] += 1
        else:
            media.take(data, address, arrival_s)

    def _stun_received(self, data: bytes, address: Address, *, now: bool = False) -> None:
        head = stun_head(data)
        if head is None:
            self.counters["stun_malformed"] += 1
            return
        session = (
            self.routes.of_transaction(head.transaction)
            if head.answer
            else self.routes.of_ufrag(head.ufrag)
        )
        if session is None:
            self.counters["stun_stranger"] += 1
        elif not (now or session.standing.established):
            self._later(Kind.STUN, data, address)
        else:
            session.on_stun(data, address)

    def _later(self, kind: Kind, data: bytes, address: Address) -> None:
        """Handshakes take milliseconds: they wait until sound that is here has passed."""
        waiting = self._put_off[kind]
        if len(waiting) >= PUT_OFF_MAX:
            self.counters[f"{kind.value}_dropped"] += 1
            return
        if not any(self._put_off.values()):
            asyncio.get_running_loop().call_soon(self._take_put_off)
        waiting.append((data, address))

    def _take_put_off(self) -> None:
        """Others for a moment, and one step of a handshake; then the socket has its turn."""
        dtls, messages, stun, own, noise = self._put_off.values()
        until_s = time.monotonic() + AT_ONCE_S
        # A receiver may close us meanwhile.
        while (messages or stun or own or noise) and time.monotonic() < until_s:
            try:
                if messages:
                    self._dtls_received(*messages.popleft())
                elif stun:
                    self._stun_received(*stun.popleft(), now=True)
                elif own:
                    self.on_datagram(*own.popleft())
                else:
                    self.on_noise(*noise.popleft())
            except RemoteError:
                self.counters["refused"] += 1
        if dtls:  # after the check that came before it: by that it is known whose it is
            self._dtls_received(*dtls.popleft())
        if any(self._put_off.values()):
            asyncio.get_running_loop().call_soon(self._take_put_off)

    def _kind_of_dtls(self, data: bytes, address: Address) -> Kind:
        """Messages do not wait behind handshakes, or whoever waits for an answer gives us up."""
        session = self.routes.of_address(address)
        is_up = session is not None and session.standing.established
        return Kind.MESSAGES if is_up and data[0] == APPLICATION_DATA else Kind.DTLS

    def _dtls_received(self, data: bytes, address: Address) -> None:
        session = self.routes.of_address(address)
        if session is None:
            self.counters["dtls_stranger"] += 1
        else:
            session.on_dtls(data, address)

    def _covered(self, data: bytes, address: Address, veil: Veil) -> bytes:
        if KINDS[data[0]] is Kind.MEDIA:
            return veil.mask(data)
        session = self.routes.of_address(address)
        first = session is None or not session.standing.established
        return veil.cover(data, system_rng, first=first)

    def _transmit(self, data: bytes, address: Address, veil: Veil | None) -> None:
        if not 0 < len(data) <= MAX_DATAGRAM_BYTES:
            raise LocalError("datagram of a size that cannot be sent")
        if veil is not None:
            data = self._covered(data, address, veil)
        if is_stream(address):
            went = self.streams.send(data, address)
            self.counters["sent" if went else "no_way"] += 1
            self.counters["bytes_out"] += len(data) * went
            return
        transport = self._transport
        target = self._targets[address]
        if transport is None or target is None:
            self.counters["no_way"] += 1
        elif transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self.counters["send_dropped"] += 1
        else:
            self.counters["sent"] += 1
            self.counters["bytes_out"] += len(data)
            transport.sendto(data, target)
