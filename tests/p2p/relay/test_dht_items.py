import os
from unittest.mock import AsyncMock

from crypto.contact import Contact
from crypto.record import expiry_of, hour_of, seal_record
from crypto.roomkey import RoomKey
from p2p.link.work import Work
from p2p.relay import dht_items as items
from p2p.relay.dht_items import REPUBLISH_EVERY_S, ItemKeeper

NOW_S = 1_800_000_000
KEY, HOUR = RoomKey(bytes(16)), hour_of(NOW_S)
DOOR = Contact(bytes(range(32)), ("192.0.2.7", 4433), "door")


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def now(self) -> float:
        return self.now_s

    def unix(self) -> int:
        return int(NOW_S + self.now_s)


def an_item(slot: int, expires_s: int = expiry_of(HOUR), seq: int = NOW_S):
    return seal_record(KEY, HOUR, slot, [DOOR], seq, expires_s, os.urandom)


def a_dht():
    return type("Dht", (), {"put": AsyncMock(return_value=1)})()


async def test_an_item_that_would_stay_for_ever_is_not_kept() -> None:
    async with Work() as work:
        keeper = ItemKeeper(a_dht(), work, Clock().now, Clock().unix)
        good = an_item(1)
        keeper.take(an_item(0, NOW_S + 10**8).encode())
        keeper.take(b"no item at all")
        keeper.take(good.encode())
        assert keeper.targets == [good.target]


async def test_items_are_stored_again_until_they_expire() -> None:
    dht, clock = a_dht(), Clock()
    async with Work() as work:
        keeper = ItemKeeper(dht, work, clock.now, clock.unix)
        keeper.take(an_item(0).encode())
        for step, times in ((1.0, 1), (REPUBLISH_EVERY_S, 2), (10 * 3600.0, 2)):
            clock.now_s += step
            keeper.tick()
            for task in list(work._tasks):
                await task
            assert dht.put.await_count == times
        assert keeper.targets == []


async def test_items_are_bounded_and_expired_ones_make_room(monkeypatch) -> None:
    monkeypatch.setattr(items, "ITEMS_MAX", 1)
    clock = Clock()
    async with Work() as work:
        keeper = ItemKeeper(a_dht(), work, clock.now, clock.unix)
        first = an_item(0, NOW_S + 600)
        keeper.take(first.encode())
        keeper.take(an_item(1).encode())
        assert keeper.targets == [first.target]
        clock.now_s = 700.0
        late = an_item(1)
        keeper.take(late.encode())
        assert keeper.targets == [late.target]


async def test_an_older_item_or_one_that_nobody_could_outdo_takes_no_place() -> None:
    dht = a_dht()
    async with Work() as work:
        keeper = ItemKeeper(dht, work, Clock().now, Clock().unix)
        for seq in (NOW_S, NOW_S - 1, 2**63 - 1, NOW_S + 1):
            keeper.take(an_item(0, seq=seq).encode())
        for task in list(work._tasks):
            await task
    assert [call.args[0].seq for call in dht.put.await_args_list] == [NOW_S, NOW_S + 1]
