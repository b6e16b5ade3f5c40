"""The relay: one port that is DHT server, courier and forwarder. It holds no room key."""

import asyncio
import contextlib
import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from crypto.dh import KeyPair
from crypto.ids import DhKey, RoomId
from crypto.knock import FIRST_BYTES, HELLO, NO_PSK, Responder
from crypto.veil import Veil
from p2p.clock import unix_s
from p2p.dht.addresses import neighbourhood
from p2p.dht.bootstrap import known_contacts
from p2p.dht.contact import NodeContact
from p2p.dht.mainline.client import Mainline
from p2p.dht.mainline.entry_points import EntryPoints
from p2p.dht.node import DhtNode
from p2p.errors import RemoteError
from p2p.link.backends import Backend
from p2p.link.candidates import ANYWHERE_V4, ANYWHERE_V6, own_address_towards
from p2p.link.dial import Station, Ways, reach
from p2p.link.door import Door
from p2p.link.fanout import FanOut
from p2p.link.line import Line
from p2p.link.link import make_certificate
from p2p.link.mux import Mux
from p2p.link.own_addresses import Whereabouts
from p2p.link.transactions import Calls
from p2p.link.web.tls import load_certificate, relay_context
from p2p.link.work import Work
from p2p.relay.config import RelaySettings
from p2p.relay.control import Control
from p2p.relay.courier import Courier, ItemHanded, LookupAsked
from p2p.relay.dht_items import ItemKeeper
from p2p.relay.fanout import HEARTBEAT_EVERY_S, Spread
from p2p.relay.home import Home
from p2p.relay.keyfile import load_or_create
from p2p.relay.limits import Uplink
from p2p.relay.lines import Lines
from p2p.relay.lookups import Lookups
from p2p.relay.own_record import OwnRecord
from p2p.relay.places import Places
from p2p.relay.rooms import Call, Cut, Rooms
from p2p.relay.strangers import Strangers
from p2p.rng import Rng, system_rng
from p2p.trace import CounterTrace, trace, word
from p2p.wire.addresses import Address, Scope, known_scope
from p2p.wire.offers import HelloAck
from p2p.wire.version import PROTOCOL_VERSION

__all__ = ["Relay", "RelaySettings", "is_public", "run_relay"]

LOG = logging.getLogger("teahouse.relay")
_HELLO_BYTE = FIRST_BYTES[HELLO][0]
_ACK_BYTE = FIRST_BYTES[HELLO][1]
SILENT_S = 10.0
SILENT_BOUGH_S = 3.5
"""For another relay, which is heard every 0.15 s as long as it lives, by sound or a heartbeat."""

NO_SOUND = "no_sound"
TIDY_EVERY_S = 1.0
DRAIN_LOOK_S = 0.05
DHT_RATE_PER_S = 400.0
HELLO_LIMIT_S = 5.0
FIND_AGAIN_S = 1.5


@dataclass(frozen=True, slots=True)
class _FramesOf:
    """What one link brings."""

    relay: "Relay"
    number: int

    def frame(self, frame: bytes, arrival_s: float) -> None:
        self.relay.frame(self.number, frame, arrival_s)


class Relay:
    """One running relay.

    Args:
        station: Its socket and certificate.
        lookups: Its DHT node and maybe BitTorrent's, on the same socket.
        items: What it stores for members, and of its own.
        secret: Its X25519 secret.
        tasks: Where its work runs.
        rng: Source of handles.
        control: What the volunteer says.
        fanout: How copies of frames are sent.
    """

    def __init__(
        self,
        station: Station,
        lookups: Lookups,
        items: ItemKeeper,
        secret: bytes,
        tasks: Work,
        rng: Rng,
        control: Control,
        fanout: FanOut,
    ) -> None:
        now = time.monotonic()
        self._station = station
        self._lookups = lookups
        self._tasks = tasks
        self._control = control
        self._items = items
        self._lines = Lines()
        self._strangers = Strangers(station.mux, now)
        uplink = Uplink(control.limits.max_rate, now)
        self._spread = Spread(fanout, self._lines.links, uplink)
        self._rooms = Rooms(
            KeyPair(secret).public, lambda: control.limits, uplink.is_busy, now, rng
        )
        self._courier = Courier(rng, self._room_of)
        self._places = Places(lambda: control.limits, self._rooms.sits)
        self._door = Door(
            station,
            Responder(secret, NO_PSK, HELLO, rng),
            HELLO,
            lambda seen, offer: HelloAck(PROTOCOL_VERSION, seen, offer).encode(),
            self._line_up,
            tasks,
            answers=lambda _dh: self._has_room,
        )
        station.mux.on_datagram = self._datagram
        station.mux.on_noise = self._noise

    def carry_no_sound(self) -> None:
        """Entry node and courier only."""
        self._rooms.closed = NO_SOUND

    async def run(self, drain_timeout_s: float) -> None:
        """Serves until it is cancelled, or drained."""
        tidy_s, counter_trace = 0.0, CounterTrace(self._counted)
        try:
            while not self._control.draining.is_set():
                now = time.monotonic()
                if now - tidy_s >= TIDY_EVERY_S:
                    tidy_s = now
                    self._tidy(now)
                self._beat(now)
                counter_trace.tick(now)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_EVERY_S):
                        await self._control.draining.wait()
            await self._drain(drain_timeout_s)
        finally:
            await asyncio.gather(*(line.close() for _, line in self._lines))

    def refresh(self) -> None:
        """Writes what is true now into the metrics."""
        metrics, counters = self._control.metrics, self._station.mux.counters
        metrics.links = len(self._lines)
        metrics.rooms, metrics.attached = self._rooms.count, self._rooms.attached
        metrics.dht_peers = self._lookups.dht.peers
        metrics.bytes_in, metrics.bytes_out = counters["bytes_in"], counters["bytes_out"]
        metrics.frames = self._spread.frames
        metrics.rejected = self._rooms.counters + self._door.counters
        metrics.rejected["over_max_rate"] = self._spread.dropped

    def _counted(self) -> dict[str, dict[str, int]]:
        """Everything that is counted here, by place and reason."""
        mux, links = self._station.mux, [line.link.counters for _, line in self._lines]
        places: dict[str, Mapping[str, int]] = {
            "socket": mux.counters,
            "streams": mux.streams.counters,
            "dht": self._lookups.dht.counts,
            "mainline": self._lookups.desk.counts,
            "door": self._door.counters,
            "links": sum(links, Counter[str]()),
            "rooms": self._rooms.counters,
            "sent": {"frames": self._spread.frames, "over_max_rate": self._spread.dropped},
            "failures": self._tasks.failures,
        }
        trace("served_rooms", rooms=self._rooms.count, attached=self._rooms.attached)
        return {
            place: {word(name): count for name, count in counts.items()}
            for place, counts in places.items()
        }

    @property
    def _has_room(self) -> bool:
        if self._control.draining.is_set():
            return False
        return self._places.has_one(time.monotonic())

    def _room_of(self, link: int) -> RoomId | None:
        """Where a link sits; where nobody can, all links are alike."""
        return RoomId(b"") if self._rooms.closed == NO_SOUND else self._rooms.room_of(link)

    async def _drain(self, limit_s: float) -> None:
        """Has everybody move, and waits for it."""
        trace("draining", links=len(self._lines))
        until_s = time.monotonic() + limit_s
        self._rooms.say_moving(limit_s)
        self._flush()
        await self._lookups.dht.close()  # from now on nobody is sent here
        while self._rooms.carries and time.monotonic() < until_s:
            self._beat(time.monotonic())
            await asyncio.sleep(DRAIN_LOOK_S)

    def _tidy(self, now: float) -> None:
        seatings = [room.seating for room in self._rooms.rooms()]
        boughs = {link for one in seatings for link in (*one.boughs, *one.warm)}
        for number, line in self._lines:
            limit_s = SILENT_BOUGH_S if number in boughs else SILENT_S
            if line.open and now - line.link.last_heard_s > limit_s:
                self._tasks.create_task(line.close())
        self._items.tick()
        self._spread.keep_only(self._rooms.rooms())
        self._spread.uplink.set_rate(self._control.limits.max_rate, now)

    def _beat(self, now: float) -> None:
        self._strangers.look(now)
        self._rooms.on_timer(now)
        self._rooms.watch_parents(lambda link: self._silent_s(link, now), now)
        for room in self._rooms.rooms():
            self._spread.beat(room, now)
        self._flush()

    def _silent_s(self, number: int, now: float) -> float:
        line = self._lines.get(number)
        return math.inf if line is None else now - line.link.last_heard_s

    def _datagram(self, data: bytes, sender: Address) -> None:
        if data[0] == _HELLO_BYTE:
            self._strangers.came(data)
            mux = self._station.mux
            self._door.asked(data, sender, lambda answer, veil: mux.send(answer, sender, veil))
        elif data[0] == _ACK_BYTE:
            self._station.calls.receive(data)
        else:
            raise RemoteError("not for relays")

    def _noise(self, data: bytes, sender: Address) -> None:
        if not self._station.calls.take_cookie(data):
            self._lookups.receive(data, sender)

    def _line_up(self, line: Line, caller: DhKey) -> None:
        """Somebody's link came up: one must make room for it if there are too many."""
        now, address = time.monotonic(), line.link.remote_address
        net = None if address is None else neighbourhood(address[0])
        ends = self._places.take(self._lines.next_number, net, now)
        if ends == self._lines.next_number:
            self._door.counters["full"] += 1
            self._tasks.create_task(line.close())
            return
        if ends is not None:
            self._door.counters["made room"] += 1
            self._places.leave(ends)
            self._close(ends)
        number = self._add(line)
        self._rooms.link_up(number, caller, line.link.tie, now, net)
        self._tasks.create_task(self._serve(number, line))

    def _close(self, number: int) -> None:
        line = self._lines.get(number)
        if line is not None:
            self._tasks.create_task(line.close())

    def _add(self, line: Line) -> int:
        number = self._lines.add(line)
        trace("served_up", link=number, links=len(self._lines))
        line.link.media.frames_to(_FramesOf(self, number), reported=True)
        line.link.media.tell_time()
        return number

    def frame(self, number: int, frame: bytes, now: float) -> None:
        """Takes a frame that came over a link, by its number."""
        room = self._rooms.frame(frame, number, now)
        if room is not None:
            self._spread.send(room, number, frame, now)

    async def _serve(self, number: int, line: Line) -> None:
        try:
            self._courier.link_up(number, time.monotonic())
            while True:
                message = await line.receive()
                trace("served_message", link=number, kind=type(message).__name__)
                now = time.monotonic()
                try:
                    if not self._rooms.receive(message, number, now):
                        self._courier.receive(message, number, now)
                except RemoteError as exc:
                    line.breach(str(exc))
                self._flush()
        except (ConnectionError, RemoteError):
            pass
        finally:
            trace("served_down", link=number, links=len(self._lines) - 1)
            self._places.leave(number)
            self._courier.link_down(number)
            self._rooms.link_down(number, time.monotonic())
            self._lines.drop(number)
            await line.close()

    def _flush(self) -> None:
        while (event := self._courier.next_event() or self._rooms.next_event()) is not None:
            match event:
                case LookupAsked():
                    self._tasks.create_task(self._answer(event))
                case ItemHanded(item=data):
                    self._items.take(data)
                case Cut(link=link):
                    self._close(link)
                case Call():
                    self._tasks.create_task(self._call(event))
        for link, message in (*self._courier.to_send(), *self._rooms.to_send()):
            line = self._lines.get(link)
            if line is not None:
                line.send(message)

    async def _call(self, call: Call) -> None:
        """One handshake with a relay that a room names, and the link if it answers."""
        number, tie = None, b""
        finding: asyncio.Task[None] | None = None
        try:
            ways = Ways(call.address)
            finding = self._tasks.create_task(self._find_again(call, ways))
            line, _ = await reach(self._station, call.dh, NO_PSK, HELLO, ways, HELLO_LIMIT_S)
            number, tie = self._add(line), line.link.tie
            self._tasks.create_task(self._serve(number, line))
        except (TimeoutError, RemoteError):
            pass
        finally:
            if finding is not None:
                finding.cancel()
            trace("served_call", answered=number is not None)
            self._rooms.called(call, number, tie, time.monotonic())
            self._flush()

    async def _find_again(self, call: Call, ways: Ways) -> None:
        """A relay that does not answer may have moved."""
        await asyncio.sleep(FIND_AGAIN_S)
        for address in await self._lookups.addresses_of(call):
            ways.add(address)

    async def _answer(self, asked: LookupAsked) -> None:
        await self._lookups.answer(asked, self._courier)
        self._flush()


async def run_relay(
    settings: RelaySettings,
    ready: Callable[[NodeContact], None],
    control: Control | None = None,
    on_running: Callable[[Relay], None] = lambda _relay: None,
    backend: Backend | None = None,
) -> None:
    """Runs a relay until it is cancelled or drained.

    Args:
        settings: What the volunteer chose.
        ready: Told the relay's own contact once it listens, and at home again when it is another.
        control: How to speak to it while it runs.
        on_running: Takes the relay before ``ready`` is called.
        backend: How copies are sent; None: the best way that works here.

    Raises:
        UserError: The port, an entry node's line or the key file is no good; or this home is not
            reached, or nobody could tell.
    """
    control = control or Control(settings.limits)
    contacts = known_contacts(settings.bootstrap)
    control.metrics.knows_entry_nodes = bool(contacts)
    rng = system_rng
    secret = rng(32) if settings.state_dir is None else load_or_create(settings.state_dir, rng)
    mux = await Mux.open(settings.listen, own=Veil(KeyPair(secret).public))
    try:
        await _listen_to_the_web(settings, mux, KeyPair(secret).public, control)
    except BaseException:
        mux.close()
        raise
    dht = DhtNode(
        mux.send,
        secret,
        rng=rng,
        server=not settings.home,
        now=time.monotonic,
        unix=unix_s,
        rate_per_s=DHT_RATE_PER_S,
    )
    station = Station(mux, make_certificate(), Calls(secret, rng), Whereabouts(mux))
    try:
        async with Work() as tasks:
            items = ItemKeeper(dht, tasks)
            mainline = None
            if settings.mainline:
                mainline = Mainline(mux, EntryPoints(settings.mainline), rng, time.monotonic)
            lookups = Lookups(dht, items, mainline)
            relay = Relay(
                station, lookups, items, secret, tasks, rng, control, FanOut(mux, backend)
            )
            if settings.bootstrap_only:
                relay.carry_no_sound()
            home = Home(station, dht, contacts, rng)

            def addresses() -> list[Address]:
                return home.addresses or _own_addresses(settings, mux)

            def tell() -> None:
                ready(NodeContact(addresses()[0], KeyPair(secret).public))

            if settings.home:
                await home.find()
                dht.serve()
                tasks.create_task(home.watch(tell))
            tasks.create_task(dht.start(contacts))
            tasks.create_task(OwnRecord(secret, addresses, items, rng).tell())
            on_running(relay)
            tell()
            await relay.run(settings.drain_timeout_s)
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await dht.close()
        mux.close()


async def _listen_to_the_web(
    settings: RelaySettings, mux: Mux, key: bytes, control: Control
) -> None:
    """For members on networks that let no UDP out; where the port is taken, UDP has to do."""
    web, tls = settings.web, None
    if web.behind is None:
        tls = relay_context(web.certificate, web.key)
        if web.certificate is not None:
            control.reload_certificate = partial(load_certificate, tls, web.certificate, web.key)
    address = web.behind or (settings.listen[0], mux.local_port)
    if not await mux.streams.listen(address, key, tls):
        LOG.warning(
            "the TCP port of this number is taken: members on networks that let no UDP out can "
            "not come by this relay"
        )


def _own_addresses(settings: RelaySettings, mux: Mux) -> list[Address]:
    """Where others reach us, as far as we know: what the volunteer says, or the socket."""
    if settings.public_address is not None:
        return [settings.public_address]
    if not mux.wildcard:
        return [(mux.local_ip, mux.local_port)]
    towards = ((4, ANYWHERE_V4), (6, ANYWHERE_V6))
    own = [own_address_towards(far) for version, far in towards if version in mux.families]
    return [(ip, mux.local_port) for ip in own if ip] or [("127.0.0.1", mux.local_port)]


def is_public(contact: NodeContact) -> bool:
    """Whether people outside this network could use this contact as it is."""
    return known_scope(contact.address[0]) is Scope.GLOBAL
