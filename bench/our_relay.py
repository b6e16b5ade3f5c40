"""Our side of ``relay_vs_mumble.py``: a relay process, and processes of real links to it.

The relay is socket, door, links and fan-out as they ship, with one rule of its own: what one
sends goes to all others.
"""

import asyncio
import gc
import itertools
import time

from bench.datagram_count import Count
from bench.processes import every
from crypto.dh import KeyPair
from crypto.knock import HELLO, NO_PSK, Responder
from p2p.errors import RemoteError
from p2p.link.calls import Calls
from p2p.link.door import Door
from p2p.link.fanout import FanOut
from p2p.link.line import Line
from p2p.link.link import make_certificate
from p2p.link.mux import Mux
from p2p.link.reach import Station, Ways, reach
from p2p.link.whereabouts import Whereabouts
from p2p.link.work import Work
from p2p.rng import system_rng
from p2p.wire.offers import HelloAck
from p2p.wire.version import PROTOCOL_VERSION

ASK_LIMIT_S = 20.0
AGAIN_MAX = 2000
AT_A_TIME = 3
"""Set-ups of one process at a time: both ends of all of them share this machine."""

_FIRST_SOUND_BYTE = 0x80


class Hub:
    """The relay. Until ``p2p.relay`` carries sound, ``_line_up`` is the rule to be replaced."""

    def __init__(self, backend=None) -> None:
        self._secret = system_rng(32)
        self._backend = backend
        self._lines: list[Line] = []
        self._routes: dict[int, object] = {}

    async def open(self):
        """Starts; returns the relay's address and public key."""
        self._mux = mux = await Mux.open(("127.0.0.1", 0))
        self._fanout = FanOut(mux, self._backend)
        station = Station(
            mux, make_certificate(), Calls(self._secret, system_rng), Whereabouts(mux)
        )
        self._work = await Work().__aenter__()
        door = Door(
            station,
            Responder(self._secret, NO_PSK, HELLO, system_rng),
            HELLO,
            lambda seen, offer: HelloAck(PROTOCOL_VERSION, seen, offer).encode(),
            lambda line, _dh: self._line_up(line),
            self._work,
        )
        mux.on_datagram = lambda data, sender: door.asked(
            data, sender, lambda answer: mux.send(answer, sender)
        )
        self._door = door
        return ("127.0.0.1", mux.local_port), KeyPair(self._secret).public

    def _line_up(self, line: Line) -> None:
        """The rule: what one sends goes to all others."""
        self._lines.append(line)
        self._routes.clear()
        line.link.on_frame = lambda frame, _arrival_s: self._forward(line, frame)

    def _forward(self, line: Line, frame: bytes) -> None:
        route = self._routes.get(id(line))
        if route is None:
            others = [other.link for other in self._lines if other is not line and other.open]
            route = self._routes[id(line)] = self._fanout.route(others)
        route.send(frame)

    def settle(self) -> None:
        """What is there now stays: no need to look through it for garbage."""
        gc.collect()
        gc.freeze()

    def counters(self) -> dict:
        """What was counted by socket and door, and the links."""
        return {**self._mux.counters, **self._door.counters, "links": len(self._lines)}

    def backend(self) -> str:
        """The way that was chosen."""
        return self._fanout.backend.value


class Members:
    """Links of members, each on a socket and an address of its own.

    Args:
        address: The relay's.
        dh: Its public key.
        net: Second byte of the members' addresses, 127.net.x.y.
    """

    def __init__(self, address, dh, net: int) -> None:
        self._address, self._dh = address, dh
        self._ips = (f"127.{net}.{n >> 8}.{n & 255}" for n in itertools.count(1))
        self._certificate = make_certificate()
        self._count = Count()
        self._lines: list[Line] = []
        self._delays_ms: list[float] = []
        self._again = 0

    async def join(self, members: int, role: str = "count", at_a_time: int = AT_A_TIME) -> int:
        """Makes links that ``count``, or ``watch`` the delay, or ``speak``."""
        self._places = asyncio.Semaphore(at_a_time)
        done = await asyncio.gather(
            *(self._join(role) for _ in range(members)), return_exceptions=True
        )
        problems = [each for each in done if isinstance(each, BaseException)]
        if problems:
            raise problems[0]
        return len(self._lines)

    async def _join(self, role: str) -> None:
        async with self._places:
            mux = await Mux.open((next(self._ips), 0))
            calls = Calls(system_rng(32), system_rng)
            station = Station(mux, self._certificate, calls, Whereabouts(mux))
            mux.on_datagram = lambda data, _sender: calls.receive(data)
            line = await self._reach(station)
        self._lines.append(line)
        if role == "watch":
            line.link.on_frame = self._watch
        elif role == "count":
            # Sound is only counted; what keeps the link alive goes on as it is.
            asyncio.get_running_loop()._remove_reader(mux.raw_socket.fileno())
            self._count.add(
                mux.raw_socket,
                lambda data: data[0] == _FIRST_SOUND_BYTE,
                lambda data, sender: mux._received(data, sender, time.monotonic()),
                line.link._heard,
            )

    async def _reach(self, station: Station) -> Line:
        """On a machine that has too much to do a link may need a second try."""
        while True:
            try:
                line, _ = await reach(
                    station, self._dh, NO_PSK, HELLO, Ways(self._address), ASK_LIMIT_S
                )
            except (RemoteError, TimeoutError):
                self._again += 1
                if self._again > AGAIN_MAX:
                    raise
            else:
                return line

    def again(self) -> int:
        """How many set-ups needed another try."""
        return self._again

    def _watch(self, frame: bytes, arrival_s: float) -> None:
        sent_s = int.from_bytes(frame[:8], "big") / 1e9
        self._delays_ms.append(1000.0 * (time.monotonic() - sent_s))

    async def speak(self, rate: int, seconds: float, payload_bytes: int) -> int:
        """Sends frames that begin with the time; says how many."""
        link = self._lines[0].link
        padding, sent = bytes(payload_bytes - 8), [0]

        def say() -> None:
            sent[0] += link.send_frame(time.monotonic_ns().to_bytes(8, "big") + padding)

        await every(1.0 / rate, int(rate * seconds), say)
        return sent[0]

    async def plain_address(self) -> tuple:
        """A bare socket that watches the delay of bare datagrams: a way without a relay."""
        watch = self._watch

        class Plain(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple) -> None:
                watch(data, 0.0)

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Plain, local_addr=("127.0.0.1", 0))
        return transport.get_extra_info("sockname")

    async def speak_plainly(self, address, rate: int, seconds: float, payload_bytes: int) -> None:
        """Sends as ``speak`` does, to a bare socket."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=address
        )
        padding = bytes(payload_bytes - 8)
        await every(
            1.0 / rate,
            int(rate * seconds),
            lambda: transport.sendto(time.monotonic_ns().to_bytes(8, "big") + padding),
        )
        transport.close()

    def heard(self) -> int:
        """Sound packets that arrived at those who count."""
        return self._count.sweep()

    def delays_ms(self) -> list[float]:
        """Those since the last question."""
        taken, self._delays_ms = self._delays_ms, []
        return taken

    def alive(self) -> int:
        """Links that are up."""
        return sum(line.open for line in self._lines)
