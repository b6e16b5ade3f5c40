"""Nodes of the Mainline DHT written by hand, honest ones and others, on real sockets.

They know nothing of the code under test: what they say is put together from bytes.
"""

import asyncio
import contextlib
import hashlib
import os
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

Address = tuple[str, int]


def bencoded(value: object) -> bytes:
    """BEP 3, in four lines."""
    if isinstance(value, bytes):
        return b"%d:%b" % (len(value), value)
    if isinstance(value, int):
        return b"i%de" % value
    assert isinstance(value, dict)
    return b"d%be" % b"".join(bencoded(key) + bencoded(value[key]) for key in sorted(value))


def packed(address: Address) -> bytes:
    """IPv4 and port in six bytes."""
    return bytes(map(int, address[0].split("."))) + address[1].to_bytes(2, "big")


@dataclass
class Asked:
    """One question, as far as a node needs to read it."""

    data: bytes
    source: Address

    @property
    def name(self) -> bytes:
        return self._find(rb"1:q\d+:([a-z_]+?)2:ro")

    @property
    def tx(self) -> bytes:
        return self._find(rb"1:t4:(....)1:y1:q")

    @property
    def target(self) -> bytes:
        return self._find(rb"6:target20:(.{20})")

    @property
    def item(self) -> dict[bytes, Any]:
        """Of a put."""
        size = int(self._find(rb"1:v(\d+):"))
        return {
            b"k": self._find(rb"1:k32:(.{32})"),
            b"seq": int(self._find(rb"3:seqi(\d+)e")),
            b"sig": self._find(rb"3:sig64:(.{64})"),
            b"v": self._find(rb"1:v%d:(.{%d})" % (size, size)),
        }

    def _find(self, pattern: bytes) -> bytes:
        found = re.search(pattern, self.data, re.DOTALL)
        assert found is not None, self.data
        return found[1]


@dataclass
class HandNode(asyncio.DatagramProtocol):
    """Keeps items, and names others.

    Attributes:
        names: What it calls the nodes that it knows, with where they are.
        kept: What it keeps, by target: ``k``, ``seq``, ``sig``, ``v``.
        item: What it gives to everybody in place of that, if anything.
        answer: What it says instead of the honest thing: datagrams.
        asked: Every question so far.
        sees: Where it says that the asker is; None: where it is.
    """

    id: bytes = field(default_factory=lambda: os.urandom(20))
    names: list[tuple[bytes, Address]] = field(default_factory=list)
    kept: dict[bytes, dict[bytes, Any]] = field(default_factory=dict)
    item: dict[bytes, Any] = field(default_factory=dict)
    answer: Callable[["HandNode", Asked], list[bytes]] | None = None
    asked: list[Asked] = field(default_factory=list)
    address: Address = ("", 0)
    sees: Address | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.address = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: Address) -> None:
        asked = Asked(data, addr)
        self.asked.append(asked)
        for each in (self.answer or HandNode.honest)(self, asked):
            self.transport.sendto(each, addr)  # type: ignore[attr-defined]

    def honest(self, asked: Asked) -> list[bytes]:
        if asked.name == b"put":
            item = asked.item
            target = hashlib.sha1(item[b"k"]).digest()
            if target in self.kept and self.kept[target][b"seq"] > item[b"seq"]:
                return [self.refuses(asked)]
            self.kept[target] = item
            return [self.says(asked, {})]
        target = int.from_bytes(asked.target, "big")
        near = sorted(self.names, key=lambda each: int.from_bytes(each[0], "big") ^ target)[:8]
        nodes = b"".join(node_id + packed(address) for node_id, address in near)
        said: dict[bytes, object] = {b"nodes": nodes}
        if asked.name == b"get":
            said |= {b"token": b"token"} | (self.item or self.kept.get(asked.target, {}))
        return [self.says(asked, said)]

    def says(self, asked: Asked, inside: dict[bytes, object]) -> bytes:
        """An answer with these fields."""
        seen = packed(self.sees or asked.source)
        said = inside | {b"id": self.id}
        return bencoded({b"ip": seen, b"r": said, b"t": asked.tx, b"y": b"r"})

    def refuses(self, asked: Asked) -> bytes:
        """An error, as of a node that keeps something newer."""
        return b"d1:eli302e3:olde1:t4:" + asked.tx + b"1:y1:ee"

    def count(self, name: bytes) -> int:
        """How many questions of a kind came."""
        return sum(each.name == name for each in self.asked)


@contextlib.asynccontextmanager
async def hand_nodes(count: int) -> AsyncIterator[list[HandNode]]:
    """So many nodes on this machine, each of which knows all others."""
    loop = asyncio.get_running_loop()
    nodes = []
    for _ in range(count):
        _, node = await loop.create_datagram_endpoint(HandNode, local_addr=("127.0.0.1", 0))
        nodes.append(node)
    for node in nodes:
        node.names = [(each.id, each.address) for each in nodes if each is not node]
    try:
        yield nodes
    finally:
        for node in nodes:
            node.transport.close()
