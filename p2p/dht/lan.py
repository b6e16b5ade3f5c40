"""Meeting on the local net: ask all interfaces who is in the room, and answer who asks.

No name, no announcement, no server, no default route: one sealed multicast datagram, answered
by unicast to the asker's main socket. IPv4 only.
"""

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

import ifaddr

from crypto.errors import RemoteError
from crypto.ids import DhKey
from crypto.record import Door
from crypto.roomkey import RoomKey
from p2p.dht.beacon import (
    NUMBER_BYTES,
    BeaconKeys,
    Doorkeeper,
    Question,
    open_answer,
    seal_question,
)
from p2p.wire.addresses import Address

ASK_TIMES_S = (0.0, 0.15, 0.4, 1.0, 2.0, 4.0)
_LOOK_FOR_INTERFACES_S = 3.0
_LINUX_IP_MULTICAST_ALL = 49

Rng = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class _Interface:
    """One interface, in the words of the system.

    Attributes:
        named: After the group's address it makes a membership: our own IPv4 address there
            (``ip_mreq``), or no address and the interface's index (``ip_mreqn``).
        outgoing: The same as where datagrams are to leave.
    """

    named: bytes
    outgoing: bytes


def _interfaces() -> set[_Interface]:
    """Every interface that may be asked on; on Windows by own address, elsewhere by index."""
    if sys.platform == "win32":
        own = [socket.inet_aton(ip) for ip in _own_ipv4()]
        found = {_Interface(ip, ip) for ip in own}
    else:
        by_index = [struct.pack("@4si", bytes(4), index) for index, _ in socket.if_nameindex()]
        found = {_Interface(name, bytes(4) + name) for name in by_index}
    return found


def _own_ipv4() -> set[str]:
    """Our own IPv4 addresses, as the system lists them; no name is looked up."""
    return {
        one.ip
        for adapter in ifaddr.get_adapters()
        for one in adapter.ips
        if isinstance(one.ip, str)
    }


class LanDoor(asyncio.DatagramProtocol):
    """Answers beacons of one room, on every interface, while open.

    Args:
        keeper: Decides what is answered.
        send: Sends through the node's main socket: the answer's source is where we are.
        now: Monotonic seconds.
    """

    def __init__(
        self, keeper: Doorkeeper, send: Callable[[bytes, Address], None], now: Callable[[], float]
    ) -> None:
        self._keeper = keeper
        self._send = send
        self._now = now
        self._joined: set[_Interface] = set()
        self._transport: asyncio.BaseTransport | None = None
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    @classmethod
    async def open(
        cls,
        key: RoomKey,
        door_key: DhKey,
        send: Callable[[bytes, Address], None],
        *,
        rng: Rng,
        now: Callable[[], float],
    ) -> "LanDoor":
        """Begin to listen.

        Args:
            key: The room key.
            door_key: Our X25519 public key, 32 bytes.
            send: Sends a datagram through the node's main socket.
            rng: Source of nonces.
            now: Monotonic seconds.

        Raises:
            OSError: This machine lets us listen to no multicast group.
        """
        door = cls(Doorkeeper(key, door_key, rng), send, now)
        loop = asyncio.get_running_loop()
        listening = _listening_socket(door._keeper.keys.group)
        await loop.create_datagram_endpoint(lambda: door, sock=listening)
        door._task = loop.create_task(door._follow_interfaces(listening))
        return door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, to close it."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer, or stay silent."""
        try:
            answer, where = self._keeper.hear(data, addr, self._now())
        except RemoteError:
            self.dropped += 1
            return
        with contextlib.suppress(OSError):
            self._send(answer, where)

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._transport is not None:
            self._transport.close()

    async def _follow_interfaces(self, listening: socket.socket) -> None:
        """Join the group on interfaces as they come: a cable plugged in later works too."""
        while True:
            present = _interfaces()
            self._joined &= present
            for interface in present - self._joined:
                if _join(listening, self._keeper.keys.group[0], interface):
                    self._joined.add(interface)
            await asyncio.sleep(_LOOK_FOR_INTERFACES_S)


class LanAsker:
    """Asks the local net for the doors of one room.

    Args:
        key: The room key.
        port: Port of our main socket, where answers arrive; they begin with 0xE0.
        rng: Source of random bytes.
    """

    def __init__(self, key: RoomKey, port: int, rng: Rng) -> None:
        self._keys = BeaconKeys.of(key)
        self._port = port
        self._rng = rng
        self._number = rng(NUMBER_BYTES)
        self._doors: asyncio.Queue[Door] = asyncio.Queue(maxsize=64)
        self._seen: set[Door] = set()

    def receive(self, data: bytes, source: tuple[str, int]) -> None:
        """Take a datagram that began with 0xE0.

        Raises:
            RemoteError: Not an answer to our question, or one answer too many.
        """
        door = open_answer(self._keys, data, self._number, source)
        if door in self._seen:
            return
        if self._doors.full() or len(self._seen) >= self._doors.maxsize:
            raise RemoteError("too many doors")
        self._seen.add(door)
        self._doors.put_nowait(door)

    async def doors(self, limit_s: float = 5.0) -> AsyncGenerator[Door, None]:
        """Ask, several times, and yield every door once as its answer comes.

        Args:
            limit_s: When to end.
        """
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for at_s in (*ASK_TIMES_S, limit_s):
            until_s = began_s + min(at_s, limit_s)
            while (door := await self._next_door(until_s)) is not None:
                yield door
            if at_s < limit_s:
                self.ask()

    async def _next_door(self, until_s: float) -> Door | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until_s):
                return await self._doors.get()
        return None

    def ask(self) -> None:
        """Send the question once on every interface; what can not be sent is left out."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.setblocking(False)
            asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
            for interface in _interfaces():
                with contextlib.suppress(OSError):
                    group = self._keys.group
                    asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface.outgoing)
                    question = Question(self._port, self._number, _address_on(interface, group))
                    asking.sendto(seal_question(self._keys, question, self._rng), group)


def _listening_socket(group: Address) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listening.setblocking(False)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "darwin":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if sys.platform == "linux":
            listening.setsockopt(socket.IPPROTO_IP, _LINUX_IP_MULTICAST_ALL, 0)
        # Bound to the group where that is possible, the socket gets nothing sent to us alone.
        listening.bind(("" if sys.platform == "win32" else group[0], group[1]))
    except OSError:
        listening.close()
        raise
    return listening


def _join(listening: socket.socket, group: str, interface: _Interface) -> bool:
    option = socket.inet_aton(group) + interface.named
    try:
        listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, option)
    except OSError:
        return False
    return True


def _address_on(interface: _Interface, group: Address) -> str | None:
    """Find out which of our addresses a datagram to the group leaves from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface.outgoing)
            trial.connect(group)
            ip: str = trial.getsockname()[0]
        except OSError:
            return None
    return None if ip == "0.0.0.0" else ip  # noqa: S104
