import asyncio
import os

import pytest

from crypto.dh import KeyPair
from crypto.item import Item
from crypto.relay_record import open_relay_record
from p2p.relay import own_record as own_record_module
from p2p.relay.own_record import OwnRecord

SECRET = b"s" * 32
HERE, THERE = ("11.0.0.1", 4433), ("11.0.0.2", 4433)


class Dht:
    def __init__(self) -> None:
        self.nodes = 5
        self.said: list[tuple] = []

    async def put(self, item: Item) -> int:
        self.said.append(open_relay_record(KeyPair(SECRET).public, item))
        return self.nodes


@pytest.fixture
def dht(monkeypatch: pytest.MonkeyPatch) -> Dht:
    for name in ("LOOK_S", "RETRY_S"):
        monkeypatch.setattr(own_record_module, name, 0.01)
    return Dht()


async def told(dht: Dht, addresses, count: int) -> list[tuple]:
    task = asyncio.ensure_future(OwnRecord(SECRET, addresses, dht, os.urandom).tell())
    async with asyncio.timeout(5.0):
        while len(dht.said) < count and not task.done():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return dht.said


async def test_it_is_told_at_once_and_again_when_the_address_is_another(dht: Dht) -> None:
    said = await told(dht, lambda: [THERE] if dht.said else [HERE], 2)
    assert said == [(HERE,), (THERE,)]


async def test_as_long_as_nobody_else_keeps_it_it_is_told_again(dht: Dht) -> None:
    dht.nodes = 1
    assert await told(dht, lambda: [HERE], 3) == [(HERE,)] * 3


async def test_what_others_keep_is_told_again_before_it_is_void(
    dht: Dht, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_record_module, "AGAIN_S", 0.03)
    assert await told(dht, lambda: [HERE], 2) == [(HERE,)] * 2


async def test_a_relay_that_is_nowhere_says_nothing(dht: Dht) -> None:
    asked: list[int] = []
    task = asyncio.ensure_future(
        OwnRecord(SECRET, lambda: asked.append(1) or [], dht, os.urandom).tell()
    )
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(asked) > 2
    assert dht.said == []
