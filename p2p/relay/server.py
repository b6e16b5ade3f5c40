"""The relay: one UDP port that is a DHT server and a courier. It holds no room key."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crypto.dh import KeyPair
from crypto.knock import FIRST_BYTES, HELLO, NO_PSK, Responder
from crypto.record import Item
from p2p.clock import unix_s
from p2p.dht.bootstrap import known_contacts
from p2p.dht.contact import NodeContact
from p2p.dht.node import DhtNode
from p2p.dht.seal import DHT_TYPE
from p2p.errors import RemoteError
from p2p.link.calls import Calls
from p2p.link.candidates import ANYWHERE_V4, own_address_towards
from p2p.link.door import Door
from p2p.link.line import Line
from p2p.link.link import make_certificate
from p2p.link.mux import Mux
from p2p.link.reach import Station
from p2p.link.whereabouts import Whereabouts
from p2p.link.work import Work
from p2p.relay.courier import Courier, ItemHanded, LookupAsked
from p2p.relay.keyfile import load_or_create
from p2p.rng import Rng, system_rng
from p2p.wire.addresses import Address, Scope, known_scope
from p2p.wire.offers import HelloAck
from p2p.wire.version import PROTOCOL_VERSION

_HELLO_BYTE = FIRST_BYTES[HELLO][0]
SILENT_S = 10.0
TIDY_EVERY_S = 1.0
REPUBLISH_EVERY_S = 1200.0
ITEMS_MAX = 4096
DHT_RATE_PER_S = 400.0


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """What the volunteer chose.

    Attributes:
        listen: Address and port; the port goes into other people's lists.
        bootstrap: ``ip:port#nodekey`` lines of other entry nodes.
        state_dir: Where the key lives; None: a key for this run only.
    """

    listen: Address
    bootstrap: tuple[str, ...] = ()
    state_dir: Path | None = None


class Relay:
    """One running relay.

    Args:
        station: Its socket and certificate.
        dht: Its DHT node, on the same socket.
        secret: Its X25519 secret.
        tasks: Where its work runs.
        rng: Source of handles.
    """

    def __init__(
        self, station: Station, dht: DhtNode, secret: bytes, tasks: Work, rng: Rng
    ) -> None:
        self._station = station
        self._dht = dht
        self._tasks = tasks
        self._courier = Courier(rng)
        self._lines: dict[int, Line] = {}
        self._next_link = 1
        self._items: dict[bytes, Item] = {}
        self._door = Door(
            station,
            Responder(secret, NO_PSK, HELLO, rng),
            HELLO,
            lambda seen, offer: HelloAck(PROTOCOL_VERSION, seen, offer).encode(),
            self._line_up,
            tasks,
        )
        station.mux.on_datagram = self._datagram

    async def run(self) -> None:
        """Serves until cancelled."""
        republish_s = time.monotonic() + REPUBLISH_EVERY_S
        republishing: asyncio.Task[None] | None = None
        try:
            while True:
                await asyncio.sleep(TIDY_EVERY_S)
                now = time.monotonic()
                for line in list(self._lines.values()):
                    if line.open and now - line.link.last_heard_s > SILENT_S:
                        self._tasks.create_task(line.close())
                if now >= republish_s and (republishing is None or republishing.done()):
                    republish_s = now + REPUBLISH_EVERY_S
                    republishing = self._tasks.create_task(self._republish())
        finally:
            await asyncio.gather(*(line.close() for line in self._lines.values()))

    def _datagram(self, data: bytes, sender: Address) -> None:
        if data[0] == DHT_TYPE:
            self._dht.receive(data, sender)
        elif data[0] == _HELLO_BYTE:
            mux = self._station.mux
            self._door.asked(data, sender, lambda answer: mux.send(answer, sender))
        else:
            raise RemoteError("not for relays")

    def _line_up(self, line: Line, _caller: bytes) -> None:
        link, self._next_link = self._next_link, self._next_link + 1
        self._lines[link] = line
        self._tasks.create_task(self._serve(link, line))

    async def _serve(self, link: int, line: Line) -> None:
        try:
            self._courier.link_up(link, time.monotonic())
            while True:
                message = await line.receive()
                try:
                    self._courier.receive(message, link, time.monotonic())
                except RemoteError as exc:
                    line.breach(str(exc))
                self._flush()
        except (ConnectionError, RemoteError):
            pass
        finally:
            self._courier.link_down(link)
            self._lines.pop(link, None)
            await line.close()

    def _flush(self) -> None:
        while (event := self._courier.next_event()) is not None:
            match event:
                case LookupAsked(link=link, target=target):
                    self._tasks.create_task(self._look_up(link, target))
                case ItemHanded(item=data):
                    self._take_item(data)
        for link, message in self._courier.to_send():
            if link in self._lines:
                self._lines[link].send(message)

    async def _look_up(self, link: int, target: bytes) -> None:
        found = await self._dht.get(target)
        self._courier.resolved(link, target, [item.encode() for item in found])
        self._flush()

    def _take_item(self, data: bytes) -> None:
        try:
            item = Item.decode(data)
            item.check_time(unix_s())
            item.verify()
        except RemoteError:
            return
        if item.target not in self._items and len(self._items) >= ITEMS_MAX:
            self._forget_expired()
            if len(self._items) >= ITEMS_MAX:
                return
        self._items[item.target] = item
        self._tasks.create_task(self._put(item))

    async def _put(self, item: Item) -> None:
        await self._dht.put(item)

    async def _republish(self) -> None:
        self._forget_expired()
        for item in list(self._items.values()):
            if item.expires_s > time.time():
                await self._dht.put(item)

    def _forget_expired(self) -> None:
        now = time.time()
        self._items = {t: item for t, item in self._items.items() if item.expires_s > now}


async def run_relay(settings: RelaySettings, ready: Callable[[NodeContact], None]) -> None:
    """Runs a relay until it is cancelled.

    Args:
        settings: What the volunteer chose.
        ready: Told the relay's own contact once it listens.

    Raises:
        UserError: The port, an entry node's line or the key file is no good.
    """
    contacts = known_contacts(settings.bootstrap)
    rng = system_rng
    secret = rng(32) if settings.state_dir is None else load_or_create(settings.state_dir, rng)
    mux = await Mux.open(settings.listen)
    dht = DhtNode(
        mux.send,
        secret,
        rng=rng,
        server=True,
        now=time.monotonic,
        unix=unix_s,
        rate_per_s=DHT_RATE_PER_S,
    )
    station = Station(mux, make_certificate(), Calls(secret, rng), Whereabouts(mux))
    try:
        async with Work() as tasks:
            relay = Relay(station, dht, secret, tasks, rng)
            tasks.create_task(dht.start(contacts))
            ready(NodeContact(_own_address(mux), KeyPair(secret).public))
            await relay.run()
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await dht.close()
        mux.close()


def _own_address(mux: Mux) -> Address:
    if not mux.wildcard:
        return mux.local_ip, mux.local_port
    return own_address_towards(ANYWHERE_V4) or "127.0.0.1", mux.local_port


def is_public(contact: NodeContact) -> bool:
    """Whether people outside this network could use this contact as it is."""
    return known_scope(contact.address[0]) is Scope.GLOBAL
