"""Many real DHT nodes in one process, joined by wires with delay, loss and dead ends."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable

from p2p.dht.contact import NodeContact
from p2p.dht.node import DhtNode

START_UNIX_S = 1_800_000_000


class DhtNetwork:
    """Nodes with made-up global addresses. Every pair has a fixed round trip time.

    Args:
        seed: Decides about everything that is random.
        rtt_s: Least and greatest round trip.
        loss: Share of datagrams that get lost.
    """

    def __init__(self, seed: int = 1, rtt_s=(0.030, 0.200), loss: float = 0.0) -> None:
        self.random = random.Random(seed)
        self.rtt_s, self.loss = rtt_s, loss
        self.nodes: dict[tuple[str, int], DhtNode] = {}
        self.taps: dict[tuple[str, int], Callable[[bytes, tuple[str, int]], None]] = {}
        self.dead: set[tuple[str, int]] = set()
        self.sent = Counter()
        self.sent_bytes = Counter()
        self.all: list[DhtNode] = []
        self._delays: dict[frozenset, float] = {}
        self._next = 0

    def rng(self, count: int) -> bytes:
        return self.random.randbytes(count)

    def unix(self) -> int:
        return START_UNIX_S + int(asyncio.get_running_loop().time())

    def address(self) -> tuple[str, int]:
        """A fresh address, each in a /24 of its own."""
        self._next += 1
        return f"{20 + self._next // 65536}.{self._next // 256 % 256}.{self._next % 256}.7", 4000

    def add(
        self, address=None, server: bool = True, secret: bytes | None = None, unix=None, **options
    ):
        """Make a node; give it and the contact to reach it."""
        address = address or self.address()
        node = DhtNode(
            lambda data, to: self.carry(data, address, to),
            secret or self.rng(32),
            rng=self.rng,
            server=server,
            now=asyncio.get_running_loop().time,
            unix=unix or self.unix,
            **options,
        )
        self.nodes[address] = node
        self.all.append(node)
        return node, NodeContact(address, node.key)

    def carry(self, data: bytes, source, to) -> None:
        """Bring one datagram across, later, or lose it."""
        self.sent[source] += 1
        self.sent_bytes[source] += len(data)
        if to in self.dead or source in self.dead or self.random.random() < self.loss:
            return
        pair = frozenset((source, to))
        if pair not in self._delays:
            self._delays[pair] = self.random.uniform(*self.rtt_s) / 2
        asyncio.get_running_loop().call_later(self._delays[pair], self._arrive, data, source, to)

    def _arrive(self, data: bytes, source, to) -> None:
        if to in self.taps:
            self.taps[to](data, source)
        elif to in self.nodes and to not in self.dead:
            self.nodes[to].receive(data, source)

    async def grow(self, count: int, entries: int = 5) -> list[NodeContact]:
        """Add servers, each joining through some that are there already."""
        contacts: list[NodeContact] = []
        for _ in range(count):
            node, contact = self.add()
            await node.start(self.random.sample(contacts, min(entries, len(contacts))))
            contacts.append(contact)
        await asyncio.sleep(2)
        return contacts

    def kill(self, contacts, share: float) -> list[NodeContact]:
        """Make a share of the nodes silent; give those that live."""
        dead = set(self.random.sample(contacts, int(len(contacts) * share)))
        self.dead |= {each.address for each in dead}
        return [each for each in contacts if each not in dead]

    async def close(self) -> None:
        for node in self.all:
            await node.close()


def wall_clock() -> float:
    """Real seconds, for what the computing itself costs."""
    return time.perf_counter()
