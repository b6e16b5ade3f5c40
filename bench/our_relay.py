"""Our side of ``relay_vs_mumble.py``: the shipped relay in a process, and processes of members.

All members are of one room and get in as they do from a real node: link, genesis and operations,
pass, proof. The speaker has a grant of the host and says its route; its frames have the header of
real ones, and the time in the place of the last bytes of the voice.
"""

import asyncio
import gc
import itertools
import os
import time
from dataclasses import dataclass, field

from bench.datagram_count import Count
from bench.processes import every
from crypto.contact import Contact
from crypto.epoch import Keyring
from crypto.frame import FrameSealer
from crypto.identity import Identity
from crypto.veil import Veil
from lab.relay_host import Host
from p2p.errors import RemoteError
from p2p.link.dial import Station
from p2p.link.link import make_certificate
from p2p.link.mux import Mux
from p2p.link.own_addresses import Whereabouts
from p2p.link.rtp import HEADER_BYTES
from p2p.link.srtp import TAG_BYTES
from p2p.link.transactions import Calls
from p2p.link.work import Work
from p2p.node.endpoint import MemberEndpoint
from p2p.node.inbox import Foreign, Inbox, Own
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.relays.relay_session import RelaySession, RoomSide
from p2p.relay.config import RelaySettings
from p2p.relay.control import Control
from p2p.relay.limits import Limits
from p2p.relay.server import run_relay
from p2p.rng import system_rng

AGAIN_MAX = 2000
AT_A_TIME = 3
"""Set-ups of one process at a time: both ends of all of them share this machine."""

PAYLOAD_BYTES = 110
_SOUND_BYTES = HEADER_BYTES + PAYLOAD_BYTES + TAG_BYTES
"""Under the veil sound is told by its size; of other datagrams few have it."""

_LEAST_SOUND_BYTES = 80
"""A heartbeat is shorter."""

_TIME_BYTES = 8
SLOT = 2
NO_CAP = Limits(max_rate=1e9, per_link_rate=1e6, max_links=4 * 1024)


@dataclass(frozen=True)
class Floor:
    """What everybody has who was let into the room."""

    genesis: bytes
    room: bytes
    pass_key: bytes = field(repr=False)
    ops: tuple[bytes, ...]
    speaker_seed: bytes = field(repr=False)

    @classmethod
    def create(cls) -> "Floor":
        """A room in which one member may speak."""
        host, seed = Host(), os.urandom(64)
        host.grant(SLOT, _identity(seed).member_id)
        return cls(host.genesis, host.room, host.pass_key, tuple(host.ops), seed)


def _identity(seed: bytes) -> Identity:
    left = [seed]

    def take(count: int) -> bytes:
        taken, left[0] = left[0][:count], left[0][count:]
        return taken

    return Identity.generate(take)


class Hub:
    """The relay.

    Args:
        backend: How it sends copies; None: the best way here.
    """

    def __init__(self, backend=None) -> None:
        self._backend = backend

    async def open(self):
        """Starts; returns the relay's address and public key."""
        ready = asyncio.get_running_loop().create_future()
        settings = RelaySettings(("127.0.0.1", 0), limits=NO_CAP)
        self._task = asyncio.ensure_future(
            run_relay(settings, ready.set_result, Control(NO_CAP), self._running, self._backend)
        )
        contact = await ready
        return contact.address, contact.key

    def _running(self, relay) -> None:
        self._relay = relay

    def settle(self) -> None:
        """What is there now stays: no need to look through it for garbage."""
        gc.collect()
        gc.freeze()

    def counters(self) -> dict:
        """What was counted by socket and door, and the links."""
        self._relay.refresh()
        metrics = self._relay._control.metrics
        mux = self._relay._station.mux.counters
        return {**mux, **metrics.rejected, "links": metrics.links, "attached": metrics.attached}

    def backend(self) -> str:
        """The way that was chosen."""
        return self._relay._spread._fanout.backend.value


class Members:
    """Links of members, each on a socket and an address of its own.

    Args:
        address: The relay's.
        dh: Its public key.
        net: Second byte of the members' addresses, 127.net.x.y.
        floor: Of the room.
    """

    def __init__(self, address, dh, net: int, floor: Floor) -> None:
        self._relay = Contact(dh, tuple(address), "relay")
        self._floor = floor
        self._ips = (f"127.{net}.{n >> 8}.{n & 255}" for n in itertools.count(1))
        self._certificate = make_certificate()
        self._count = Count()
        self._seats: list[RelaySession] = []
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
        return len(self._seats)

    async def _join(self, role: str) -> None:
        if not self._seats:
            self._work = await Work().__aenter__()
        async with self._places:
            seed = self._floor.speaker_seed if role == "speak" else os.urandom(64)
            identity = _identity(seed)
            veil = Veil(identity.dh)
            mux = await Mux.open((next(self._ips), 0), own=veil)
            calls = Calls(identity.dh_secret, system_rng)
            station = Station(mux, self._certificate, calls, Whereabouts(mux))
            endpoint = MemberEndpoint(station, None, [])  # type: ignore[arg-type]  no DHT here
            mux.on_noise = lambda data, _sender: calls.take_cookie(data)
            seat = await self._enter(endpoint, identity)
        self._seats.append(seat)
        if role == "speak":
            seat.send_route(SLOT, 1)
            self._sealer = FrameSealer(Keyring.create(os.urandom), SLOT, bytes(16), os.urandom)
        elif role == "watch":
            seat.link.line.link.media.frames_to(self)
        elif role == "count":
            # Sound is only counted; what keeps the link alive goes on as it is.
            asyncio.get_running_loop()._remove_reader(mux.raw_socket.fileno())
            self._count.add(
                mux.raw_socket,
                lambda data: len(data) == _SOUND_BYTES,
                lambda data, sender: mux._received(data, sender, time.monotonic()),
                seat.link.line.link.heard,
            )

    async def _enter(self, endpoint: MemberEndpoint, identity: Identity) -> RelaySession:
        """On a machine that has too much to do a link may need a second try."""
        floor = self._floor
        side = RoomSide(
            identity,
            floor.genesis,
            floor.room,
            pass_key=lambda: floor.pass_key,
            floor_ops=lambda: list(floor.ops),
        )
        relay_links, nobody = RelayLinks(endpoint, self._work), _Nobody()
        while True:
            try:
                link = await relay_links.get(self._relay)
                seat = RelaySession(link, side, nobody, nobody, time.monotonic)
                if not (refusal := await seat.enter()):
                    return seat
                raise RemoteError(refusal)
            except (RemoteError, TimeoutError):
                self._again += 1
                if self._again > AGAIN_MAX:
                    raise

    def again(self) -> int:
        """How many set-ups needed another try."""
        return self._again

    def frame(self, frame: bytes, arrival_s: float) -> None:
        """Of a member that watches: how long the frame was on its way."""
        if len(frame) < _LEAST_SOUND_BYTES:
            return
        sent_s = int.from_bytes(frame[-_TIME_BYTES:], "big") / 1e9
        self._delays_ms.append(1000.0 * (time.monotonic() - sent_s))

    async def speak(self, rate: int, seconds: float, payload_bytes: int) -> int:
        """Sends frames that begin with the time; says how many."""
        seat, sent = self._seats[0], [0]
        seat.send_route(SLOT, 1)
        some = b"\0" + self._sealer.seal(bytes(payload_bytes), 0.0)
        head = some[: payload_bytes - _TIME_BYTES]

        def say() -> None:
            now_ns = time.monotonic_ns()
            sent[0] += seat.send_frame(head + now_ns.to_bytes(_TIME_BYTES, "big"))

        await every(1.0 / rate, int(rate * seconds), say)
        return sent[0]

    async def plain_address(self) -> tuple:
        """A bare socket that watches the delay of bare datagrams: a way without a relay."""
        watch = self.frame

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
        padding = bytes(payload_bytes - _TIME_BYTES)
        await every(
            1.0 / rate,
            int(rate * seconds),
            lambda: transport.sendto(padding + time.monotonic_ns().to_bytes(_TIME_BYTES, "big")),
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
        return sum(seat.open for seat in self._seats)


class _Nobody(Inbox):
    """Members that take nothing of what their relay brings."""

    async def put(self, item: Foreign) -> None:
        pass

    def post(self, item: Own) -> None:
        pass

    def relay_frame(self, _frame: bytes, _arrival_s: float) -> bool:
        return True
