import asyncio

import pytest

from lab.node_house import a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.errors import RemoteError
from p2p.node.inbox import (
    AT_ONCE,
    WAITING_MAX,
    FloorCame,
    FromNeighbour,
    Inbox,
    LineUp,
    PresenceChanged,
    RoomChanged,
)
from p2p.wire.messages import Bye, Have


class Relay:
    """Where items come from."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self.breaches: list[str] = []

    def breach(self, why: str) -> None:
        self.breaches.append(why)

    async def close(self) -> None:
        self.closed.set()


def floor(number: int, source: Relay) -> FloorCame:
    return FloorCame((bytes([number % 256]),), source)


async def test_what_is_put_first_is_taken_first_and_only_a_part_at_once() -> None:
    inbox, relay = Inbox(), Relay()
    items = [floor(n, relay) for n in range(AT_ONCE + 3)]
    for item in items:
        await inbox.put(item)
    inbox.post(LineUp(None, b"dh"))  # type: ignore[arg-type]
    assert await inbox.take() == items[:AT_ONCE]
    assert await inbox.take() == [*items[AT_ONCE:], LineUp(None, b"dh")]  # type: ignore[arg-type]


async def test_who_waits_for_an_item_gets_it_when_it_comes() -> None:
    inbox = Inbox()
    taking = asyncio.ensure_future(inbox.take())
    await asyncio.sleep(0)
    assert not taking.done()
    inbox.post(RoomChanged())
    assert await taking == [RoomChanged()]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await inbox.take()


async def test_the_same_news_twice_in_a_row_is_one_item() -> None:
    inbox = Inbox()
    for item in (PresenceChanged(), PresenceChanged(), RoomChanged(), PresenceChanged()):
        inbox.post(item)
    assert await inbox.take() == [PresenceChanged(), RoomChanged(), PresenceChanged()]


async def test_a_line_that_says_much_waits_and_our_own_news_do_not() -> None:
    inbox, relay = Inbox(), Relay()
    for n in range(WAITING_MAX):
        await inbox.put(floor(n, relay))
    waiting = asyncio.ensure_future(inbox.put(floor(7, relay)))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    inbox.post(RoomChanged())
    taken = [*await inbox.take()]
    await waiting
    while len(taken) < WAITING_MAX + 2:
        taken += await inbox.take()
    assert taken[-2:] == [RoomChanged(), floor(7, relay)]


async def test_a_peer_that_trips_a_bug_loses_its_line_and_the_room_goes_on() -> None:
    async with a_house() as house:
        host = await house.host("host", only="lan")
        pest = Relay()
        unhashable = FromNeighbour([], Have(()), pest)  # type: ignore[arg-type]
        await host.node._ours.endpoint.inbox.put(unhashable)
        await asyncio.wait_for(pest.closed.wait(), 5.0)
        assert host.node._ours.work.failures == {"TypeError": 1}
        host.node.do(c.SetMic(True))
        await host.until(e.MicChanged)


async def test_what_breaks_a_rule_is_held_against_where_it_came_from() -> None:
    async with a_house() as house:
        host = await house.host("host", only="lan")
        stranger = Relay()
        for member, message in ((b"m" * 16, Have((b"?",))), (bytes(16), Bye())):
            host.session.take(FromNeighbour(member, message, stranger))  # type: ignore[arg-type]
        await asyncio.wait_for(stranger.closed.wait(), 5.0)  # the Bye
        for _ in range(10):
            host.session.take(FromNeighbour(b"m" * 16, Have(()), stranger))  # type: ignore[arg-type]
        assert set(stranger.breaches) == {"asks too much"}
        with pytest.raises(RemoteError):
            host.session.peers.take(FromNeighbour(b"m" * 16, Have(()), stranger), 0.0)  # type: ignore[arg-type]
