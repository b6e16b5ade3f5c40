"""How fast, and how surely, an item is found in a network of real Mainline nodes (libtorrent).

Each look-up has a writer and a reader that know nothing but four entry points. Every datagram of
theirs takes 40 to 160 ms there and back, as over the Internet. Rows: all nodes live; a share is
dead, in everybody's tables; and hostile ones beside them, which name only each other, with ids next
to whatever is looked for, and forge items with higher numbers.

``python -m bench.mainline [--nodes 200] [--dead 0.3] [--hostile 60] [--looks 50] [--seed 1]``
"""

import argparse
import asyncio
import contextlib
import json
import random
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from crypto.ids import DhKey
from crypto.mutable_item import MutableItem
from crypto.veil import Veil
from lab.programs.mainline_swarm import PORT, address, swarm
from lab.sim.mainline_nodes import Asked, HandNode, packed
from p2p.dht.mainline.client import Mainline
from p2p.dht.mainline.entry_points import EntryPoints
from p2p.link.mux import Mux

VALUE_BYTES = 872
WAY_S = (0.02, 0.08)
FIRST_HOSTILE = 1000
AT_ONCE = 4
LIMIT_S = 6.0
"""Counts as the time of who finds nothing."""


class FarSocket:
    """A socket with a long line in both directions.

    Args:
        mux: The socket.
        rng: Of the line's length.
    """

    def __init__(self, mux: Mux, rng: random.Random) -> None:
        self._mux = mux
        self._rng = rng
        self.families = (4,)

    def send(self, data: bytes, where: tuple[str, int]) -> None:
        """Send one datagram, later."""
        self._later(self._mux.send, data, where)

    def attach(self, mainline: Mainline) -> None:
        """Give what comes to this reader, later."""
        self._mux.on_noise = lambda data, where: self._later(mainline.receive, data, where)

    def _later(self, act, *what) -> None:
        asyncio.get_running_loop().call_later(self._rng.uniform(*WAY_S), act, *what)


@contextlib.asynccontextmanager
async def client(entries: tuple[str, ...], rng: random.Random) -> AsyncIterator[Mainline]:
    """Somebody who has just started, at another address: nodes shut out who asks too often."""
    mux = await Mux.open(
        (f"127.{rng.randrange(100, 200)}.{rng.randrange(256)}.9", 0),
        own=Veil(DhKey(rng.randbytes(32))),
    )
    far = FarSocket(mux, rng)
    made = Mainline(far, EntryPoints(entries), rng.randbytes, time.monotonic)
    far.attach(made)
    try:
        yield made
    finally:
        made.close()
        mux.close()


@contextlib.asynccontextmanager
async def hostile_nodes(count: int, nodes: int, rng: random.Random) -> AsyncIterator[None]:
    """Nodes that everybody comes to know, as they ask everybody."""
    loop = asyncio.get_running_loop()
    made: list[HandNode] = []
    for n in range(count):
        here = (address(FIRST_HOSTILE + n), PORT)
        made.append((await loop.create_datagram_endpoint(HandNode, local_addr=here))[1])

    def lie(node: HandNode, asked: Asked) -> list[bytes]:
        if b"6:target20:" not in asked.data:  # libtorrent's own ping, and what else it asks
            tx = asked.data.partition(b"1:t")[2].partition(b":")
            size = int(tx[0])
            return [b"d1:rd2:id20:" + node.id + b"e1:t%d:" % size + tx[2][:size] + b"1:y1:re"]
        if asked.data.find(b"1:t4:") < 0:
            return []
        target = asked.target
        near = [
            target[:18] + rng.randbytes(2) + packed(each.address) for each in rng.sample(made, 8)
        ]
        forged = {b"k": rng.randbytes(32), b"seq": 1 << 62, b"sig": bytes(64), b"v": bytes(872)}
        return [node.says(asked, {b"nodes": b"".join(near), b"token": b"t"} | forged)]

    for node in made:
        node.answer = lie
        for n in rng.sample(range(nodes), min(24, nodes)):
            question = b"d1:ad2:id20:" + node.id + b"6:target20:" + node.id
            question += b"e1:q9:find_node1:t2:xx1:y1:qe"
            node.transport.sendto(question, (address(n), PORT))  # type: ignore[attr-defined]
    await asyncio.sleep(8.0)
    try:
        yield
    finally:
        for node in made:
            node.transport.close()


@dataclass
class Row:
    """What one kind of network gave."""

    found: int = 0
    looks: int = 0
    put_s: list[float] = field(default_factory=list)
    find_s: list[float] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    questions: list[int] = field(default_factory=list)
    forged: list[int] = field(default_factory=list)

    def numbers(self) -> dict[str, float]:
        """Medians and such."""
        cut = sorted(self.find_s)
        return {
            "looks": self.looks,
            "found": self.found,
            "find_p50_s": round(statistics.median(cut), 2),
            "find_p95_s": round(cut[round(0.95 * (len(cut) - 1))], 2),
            "put_p50_s": round(statistics.median(self.put_s), 2),
            "kept_median": statistics.median(self.kept),
            "questions_median": statistics.median(self.questions),
            "forged_answers_median": statistics.median(self.forged),
        }


async def measure(entries: tuple[str, ...], looks: int, rng: random.Random) -> Row:
    """Writes and finds so many items, some at once."""
    row = Row()
    turn = asyncio.Semaphore(AT_ONCE)

    async def look() -> None:
        async with turn, client(entries, rng) as writer, client(entries, rng) as reader:
            item = MutableItem.create(rng.randbytes(32), 7, rng.randbytes(VALUE_BYTES))
            began_s = time.monotonic()
            row.kept.append(await writer.put(item))
            row.put_s.append(time.monotonic() - began_s)
            began_s, took_s = time.monotonic(), LIMIT_S
            async with contextlib.aclosing(reader.items(item.target, LIMIT_S)) as items:
                async for each in items:
                    if each == item:
                        took_s = time.monotonic() - began_s
                        break
            row.looks += 1
            row.found += took_s < LIMIT_S
            row.find_s.append(took_s)
            row.questions.append(reader.counts["asked"])
            row.forged.append(writer.counts["bad"] + reader.counts["bad"])

    await asyncio.gather(*(look() for _ in range(looks)))
    return row


async def main(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """All rows."""
    rng = random.Random(options.seed)
    rows = {}
    kinds = (
        ("all live", 0.0, 0),
        ("dead", options.dead, 0),
        ("hostile", options.dead, options.hostile),
    )
    for name, dead, hostile in kinds:
        with swarm(options.nodes, share_dead=dead) as entries:
            async with contextlib.AsyncExitStack() as stack:
                if hostile:
                    await stack.enter_async_context(hostile_nodes(hostile, options.nodes, rng))
                rows[name] = (await measure(entries, options.looks, rng)).numbers()
        print(
            f"{options.nodes} nodes, {dead:.0%} dead, {hostile} hostile: {rows[name]}", flush=True
        )
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--dead", type=float, default=0.3)
    parser.add_argument("--hostile", type=int, default=60)
    parser.add_argument("--looks", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    print(json.dumps(asyncio.run(main(parser.parse_args()))))
