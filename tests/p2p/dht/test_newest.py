"""What of a walk is waited for."""

import asyncio
from types import SimpleNamespace

from p2p.dht.newest import newest_first

LONG_S = 60.0


async def items(*numbers, closed=None, endless=False):
    """So many items, and then perhaps none for ever."""
    try:
        for seq in numbers:
            yield SimpleNamespace(seq=seq)
        if endless:
            await asyncio.Event().wait()
    finally:
        if closed is not None:
            closed.append(True)


async def test_all_of_a_walk_that_ends_come_newest_first():
    found = await newest_first(items(2, 9, 5), LONG_S, LONG_S)
    assert [item.seq for item in found] == [9, 5, 2]


async def test_after_the_first_item_a_walk_that_does_not_end_is_left_soon_and_closed():
    closed = []
    found = await newest_first(items(4, closed=closed, endless=True), LONG_S, 0.01)
    assert ([item.seq for item in found], closed) == ([4], [True])


async def test_where_nothing_comes_in_time_there_is_nothing():
    assert await newest_first(items(endless=True), 0.01, LONG_S) == []
