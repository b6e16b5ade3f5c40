"""Nodes over real sockets on loopback."""

import asyncio
import hashlib
import os
import time

import pytest

from crypto.errors import LocalError
from crypto.record import Item
from p2p.dht.contact import NodeContact
from p2p.dht.node import DhtNode


class _Socket(asyncio.DatagramProtocol):
    def connection_made(self, transport) -> None:
        self.transport = transport
        self.address = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data, address) -> None:
        self.node.receive(data, address)

    async def close(self) -> None:
        await self.node.close()
        self.transport.close()


async def _open(**options):
    loop = asyncio.get_running_loop()
    _, wired = await loop.create_datagram_endpoint(_Socket, local_addr=("127.0.0.1", 0))
    wired.node = DhtNode(
        wired.transport.sendto,
        os.urandom(32),
        rng=os.urandom,
        server=False,
        now=time.monotonic,
        unix=lambda: int(time.time()),
        **options,
    )
    wired.contact = NodeContact(wired.address, wired.node.key)
    return wired


def _item(seq: int = 1, value: bytes = b"tea" * 250, life_s: int = 3600) -> Item:
    return Item.create(hashlib.sha256(b"seed").digest(), seq, int(time.time()) + life_s, value)


async def test_twenty_nodes_on_loopback_keep_and_find_an_item_and_end_without_a_trace():
    opened = [await _open() for _ in range(20)]
    for wired in opened:
        await wired.node.start([opened[0].contact])
    item = _item()
    assert await opened[3].node.put(item) >= 16
    for wired in opened:
        assert await wired.node.get(item.target) == [item]
    assert await opened[5].node.get(bytes(20)) == []
    for wired in opened:
        await wired.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_newer_item_replaces_an_older_one_and_never_the_other_way_round():
    opened = [await _open() for _ in range(6)]
    for wired in opened:
        await wired.node.start([opened[0].contact])
    assert await opened[1].node.put(_item(seq=5)) == 6
    assert await opened[1].node.put(_item(seq=6)) == 6
    assert await opened[1].node.put(_item(seq=4)) == 0
    assert (await opened[4].node.get(_item().target))[0].seq == 6
    for wired in opened:
        await wired.close()


async def test_a_node_alone_finds_nobody_at_once_and_says_so():
    alone = await _open()
    assert await alone.node.start([]) == 0
    assert await alone.node.get(bytes(20)) == []
    assert await alone.node.put(_item()) == 0
    await alone.close()


async def test_a_dead_entry_node_is_given_up_within_the_deadline():
    wired, dead = await _open(), await _open()
    await dead.close()
    began_s = time.monotonic()
    assert await wired.node.start([dead.contact]) == 0
    assert time.monotonic() - began_s < 6
    await wired.close()


async def test_closing_ends_a_walk_that_waits_for_answers():
    wired, dead = await _open(), await _open()
    await dead.close()
    waiting = asyncio.ensure_future(wired.node.start([dead.contact]))
    await asyncio.sleep(0.05)
    await wired.close()
    await waiting
    with pytest.raises(LocalError):
        await wired.node.start([])


async def test_what_the_package_would_do_by_itself_is_refused():
    wired = await _open()
    for name in ("listen", "bootstrap", "set", "save_state", "load_state", "refresh_table"):
        with pytest.raises(LocalError):
            getattr(wired.node, name)("x")
    with pytest.raises(AttributeError):
        wired.node.protocol.misspelt  # noqa: B018
    await wired.close()
