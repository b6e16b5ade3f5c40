"""Joining a room from cold through the DHT: many nodes, some dead, real sockets, slow wires.

Every node is the shipped one with a real UDP socket on loopback. Each datagram is held back in
user space so that every pair of nodes has a fixed round trip time. In each round a door publishes,
and a node that has never been in the network finds it: start, walk, unseal the record (``find``).
Then whole members: one opens a room, one joins it by its words alone until it is let in
(``admitted``: look-up, knock, ICE, DTLS, data channel, all on those wires), and one looks for a
room where nobody is until it is told so (``absent``).

    bench/join_dht.py [--nodes 200] [--dead 0.3] [--loss 0] [--rounds 60] [--seed N] [--json]
"""

import argparse
import asyncio
import contextlib
import json
import random
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from crypto.invite import Invite, parse_key_text
from crypto.record import Door
from crypto.roomkey import RoomKey
from lab.node_house import Person
from p2p.api import events
from p2p.dht.contact import NodeContact
from p2p.dht.form import OURS
from p2p.dht.node import DhtNode
from p2p.dht.publisher import Publisher
from p2p.dht.rendezvous import find
from p2p.errors import UserError
from p2p.node import Node, Settings, create_room, join_room

ENTRIES = 6
FIND_BAR_S, ADMITTED_BAR_S, ABSENT_BAR_S, SUCCESS_BAR = 1.0, 2.0, 6.0, 0.99
MEASURED = ("start_s", "find_s", "put_s", "admitted_s", "absent_s", "datagrams")


class Wire(asyncio.DatagramProtocol):
    """A node's socket, with a cable of its own length to everybody else."""

    def __init__(self, world: "World") -> None:
        self.world = world

    def connection_made(self, transport) -> None:
        """Learn our address."""
        self.transport = transport
        self.address = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data, address) -> None:
        """Hear, unless we are among the dead."""
        if not self.world.is_dead(self.address):
            self.node.receive(data, address)

    def send(self, data, address) -> None:
        """Put a datagram on the cable; it leaves the far end later, or never."""
        self.world.sent += 1
        delay_s = self.world.delay_s(self.address, address)
        if delay_s is not None:
            asyncio.get_running_loop().call_later(delay_s, self._put_out, data, address)

    def _put_out(self, data, address) -> None:
        if not self.transport.is_closing():
            self.transport.sendto(data, address)

    async def close(self) -> None:
        """End the node and its socket."""
        await self.node.close()
        self.transport.close()


class Cable:
    """What lies between a whole member's socket and everybody else."""

    def __init__(self, world: "World", node: Node) -> None:
        mux = node._ours.endpoint.station.mux
        self._world, self._socket = world, mux._transport
        self._address = (mux.local_ip, mux.local_port)
        mux._transport = self

    def sendto(self, data, address) -> None:
        """Hold a datagram back as long as its way is."""
        delay_s = self._world.delay_s(self._address, address[:2])
        if delay_s is not None:
            asyncio.get_running_loop().call_later(delay_s, self._put_out, data, address)

    def get_write_buffer_size(self) -> int:
        """Nothing waits in the socket itself."""
        return self._socket.get_write_buffer_size()

    def abort(self) -> None:
        """Close the socket."""
        self._socket.abort()

    def _put_out(self, data, address) -> None:
        if not self._socket.is_closing():
            self._socket.sendto(data, address)


class World:
    """All nodes, and what lies between them."""

    def __init__(self, args) -> None:
        self.random = random.Random(args.seed)
        self.loss, self.rtt_s = args.loss, (args.rtt_ms[0] / 1000, args.rtt_ms[1] / 1000)
        self.dead, self.delays, self.sent = set(), {}, 0

    def is_dead(self, address) -> bool:
        """Tell whether the node there has gone silent."""
        return address in self.dead

    def delay_s(self, one, other) -> float | None:
        """Give the way of one datagram in seconds; None: it is lost."""
        if self.random.random() < self.loss:
            return None
        pair = frozenset((one, other))
        if pair not in self.delays:
            self.delays[pair] = self.random.uniform(*self.rtt_s) / 2
        return self.delays[pair]

    async def open(self, server: bool) -> tuple[Wire, NodeContact]:
        """Make a node with its own socket."""
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_datagram_endpoint(
            lambda: Wire(self), local_addr=("127.0.0.1", 0)
        )
        wire.node = DhtNode(
            wire.send,
            self.random.randbytes(32),
            rng=self.random.randbytes,
            server=server,
            now=time.monotonic,
            unix=lambda: int(time.time()),
        )
        if not server:
            # On loopback every node serves at once; a joiner behind a router would not.
            wire.node._reachable.serves = lambda ip, now: False
        return wire, NodeContact(wire.address, wire.node.key)


async def grow(world: World, count: int) -> tuple[list[Wire], list[NodeContact]]:
    """Make the network, one node joining after the other."""
    wires, contacts = [], []
    for _ in range(count):
        wire, contact = await world.open(server=True)
        await wire.node.start(world.random.sample(contacts, min(ENTRIES, len(contacts))))
        wires.append(wire)
        contacts.append(contact)
    await asyncio.sleep(3)
    return wires, contacts


async def publish(world: World, node: DhtNode, key: RoomKey) -> tuple[float, int]:
    """Write all four slots of a room; give the time it took, and how many nodes keep each."""
    unix_s = int(time.time())
    publisher = Publisher(key, OURS, world.random.randbytes)
    places = publisher.due(0.0, unix_s)[:4]
    door = Door(bytes(32), ("11.0.0.1", 4000), "door")
    items = [publisher.seal(place, [door], (), (), unix_s) for place in places]
    began_s = time.monotonic()
    kept = await asyncio.gather(*(node.put(item) for item in items))
    return time.monotonic() - began_s, min(kept)


async def look(node: DhtNode, key: RoomKey) -> bool:
    """Look for a room until its first door."""
    async with contextlib.aclosing(find(key, node, unix=lambda: int(time.time()))) as doors:
        async for _ in doors:
            return True
    return False


async def one_round(world: World, contacts: list[NodeContact], result: dict) -> None:
    """One room is published, found by a newcomer, and another one is not found."""
    key = RoomKey(world.random.randbytes(16))
    host, _ = await world.open(server=False)
    await host.node.start(world.random.sample(contacts, ENTRIES))
    put_s, kept = await publish(world, host.node, key)
    result["put_s"].append(put_s)
    result["kept"].append(kept)
    guest, _ = await world.open(server=False)
    sent, began_s = world.sent, time.monotonic()
    known = await guest.node.start(world.random.sample(contacts, ENTRIES))
    result["start_s"].append(time.monotonic() - began_s)
    found = known > 0 and await look(guest.node, key)
    result["find_s"].append(time.monotonic() - began_s if found else float("inf"))
    result["datagrams"].append(world.sent - sent)
    for wire in (host, guest):
        await wire.close()


async def member(world: World, contacts: list[NodeContact], invite: Invite | None) -> Person:
    """Start a whole member that knows a few nodes; a host when it was given no key."""
    known = tuple(map(str, world.random.sample(contacts, ENTRIES)))
    settings = Settings(
        listen=("127.0.0.1", 0), bootstrap=known, only="dht", mic="silence", speaker="null"
    )
    node = await (create_room(settings) if invite is None else join_room(settings, invite))
    Cable(world, node)
    node._ours.endpoint.dht._reachable.serves = lambda ip, now: False
    return Person(node)


async def join(world: World, contacts: list[NodeContact], result: dict) -> None:
    """Open a room, and join it once the record is out."""
    host = await member(world, contacts, None)
    admitted_s = float("inf")
    try:
        await host.until(events.Notice, lambda notice: notice.code == "dht_open")
        guest = await member(world, contacts, parse_key_text((await host.key()).words))
        admitted_s = (await guest.until(events.Joined)).admitted_ms / 1000
        await guest.leave()
    except (UserError, TimeoutError) as error:
        result["failures"].append(getattr(error, "code", "nothing happened for too long"))
    result["admitted_s"].append(admitted_s)
    await host.leave()


async def miss(world: World, contacts: list[NodeContact], result: dict) -> None:
    """Look for a room where nobody is."""
    began_s = time.monotonic()
    stranger = await member(world, contacts, Invite(RoomKey(world.random.randbytes(16))))
    error = (await asyncio.gather(stranger.running, return_exceptions=True))[0]
    assert isinstance(error, UserError), error
    took_s = time.monotonic() - began_s
    if error.code != "no_room":
        took_s = float("inf")
        result["failures"].append(f"absent: {error.code}")
    result["absent_s"].append(took_s)


def percentile(values: list[float], share: float) -> float | None:
    """Give a percentile; None stands for never."""
    value = sorted(values)[min(len(values) - 1, int(len(values) * share))]
    return None if value == float("inf") else round(value, 3)


def summary(args, result: dict, cpu_s: float) -> dict:
    """Boil all rounds down to one object."""
    succeeded = sum(1 for each in result["admitted_s"] if each != float("inf")) / args.rounds
    figures = {
        f"{name}_{mark}": percentile(result[name], share)
        for name in MEASURED
        for mark, share in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))
    }
    ok = (
        succeeded >= SUCCESS_BAR
        and (figures["find_s_p95"] or 99) <= FIND_BAR_S
        and (figures["admitted_s_p95"] or 99) <= ADMITTED_BAR_S
        and (figures["absent_s_max"] or 99) <= ABSENT_BAR_S
    )
    return {
        "schema": 1,
        "bench": "join_dht",
        "ok": ok,
        "seed": args.seed,
        "nodes": args.nodes,
        "dead": args.dead,
        "loss": args.loss,
        "rtt_ms": args.rtt_ms,
        "rounds": args.rounds,
        "success": round(succeeded, 4),
        "failures": result["failures"],
        "late_ms_p95": percentile(result["late_ms"], 0.95),
        "kept_least": min(result["kept"]),
        "kept_median": percentile(result["kept"], 0.5),
        "cpu_s": round(cpu_s, 1),
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        **figures,
    }


async def watch(late_ms: list[float]) -> None:
    """Note how late this process comes to its datagrams: it plays all nodes on one core."""
    while True:
        began_s = time.monotonic()
        await asyncio.sleep(0.05)
        late_ms.append(1000 * (time.monotonic() - began_s - 0.05))


async def run(args) -> dict:
    """Make the network, let part of it die, go through all rounds."""
    world = World(args)
    wires, contacts = await grow(world, args.nodes)
    dead = set(world.random.sample(contacts, int(args.nodes * args.dead)))
    world.dead = {each.address for each in dead}
    result: dict = {name: [] for name in (*MEASURED, "kept", "failures", "late_ms")}
    watching = asyncio.ensure_future(watch(result["late_ms"]))
    for number in range(args.rounds):
        await one_round(world, contacts, result)
        await asyncio.gather(join(world, contacts, result), miss(world, contacts, result))
        if not args.json:
            print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
    watching.cancel()
    for wire in wires:
        await wire.close()
    return summary(args, result, time.process_time())


def main() -> int:
    """Read the options, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--dead", type=float, default=0.3, help="share that went silent")
    parser.add_argument("--loss", type=float, default=0.0, help="share of datagrams lost")
    parser.add_argument("--rtt-ms", type=float, nargs=2, default=[30, 200])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--json", action="store_true", help="only the last line: one object")
    args = parser.parse_args()
    outcome = asyncio.run(run(args))
    if not args.json:
        for name, value in outcome.items():
            print(f"{name:>14}  {value}")
    print(json.dumps(outcome))
    return 0 if outcome["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
