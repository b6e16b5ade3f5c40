"""A real relay on a loopback socket, and a member's side of its desk."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from unittest.mock import AsyncMock

import pytest

from crypto.contact import Contact
from crypto.record import expiry_of, hour_of, seal_record, slots
from crypto.roomkey import RoomKey
from p2p.dht.contact import NodeContact
from p2p.link.work import Work
from p2p.node.endpoint import MemberEndpoint
from p2p.node.inbox import Inbox
from p2p.node.relays.relay_link import RelayLink
from p2p.node.relays.relay_links import RelayLinks
from p2p.relay import places, server
from p2p.relay.control import Control
from p2p.relay.limits import Limits
from p2p.relay.server import RelaySettings, is_public, run_relay
from p2p.wire.card import card_handle
from p2p.wire.messages import Bye

Carried = tuple[bytes, Callable[[bytes], None]]
LOOPBACK = ("127.0.0.1", 0)


class Desk:
    """One relay and any number of members' links to it."""

    def __init__(self) -> None:
        self.contact: asyncio.Future[NodeContact] = asyncio.get_running_loop().create_future()
        self.control = Control()
        self.relay = asyncio.ensure_future(
            run_relay(RelaySettings(LOOPBACK), self.contact.set_result, self.control)
        )
        self.work = Work()
        self._nets: list[MemberEndpoint] = []

    async def member(self, ip: str = "127.0.0.1") -> tuple[RelayLink, list[Carried]]:
        contact = await self.contact
        net = await MemberEndpoint.open((ip, 0), [], os.urandom(32), os.urandom)
        self._nets.append(net)
        carried: list[Carried] = []
        net.take_carried = lambda data, _toward, answer: carried.append((data, answer))  # type: ignore[method-assign]
        link = await RelayLinks(net, self.work).get(Contact(contact.key, contact.address, "relay"))
        return link, carried

    async def close(self) -> None:
        self.relay.cancel()
        await asyncio.gather(self.relay, return_exceptions=True)
        for net in self._nets:
            await net.close()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    async with made.work:
        yield made
    await made.close()


async def until(true) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.01)


async def test_a_card_is_left_found_and_a_datagram_goes_both_ways(desk: Desk) -> None:
    door, at_door = await desk.member()
    newcomer, at_newcomer = await desk.member()
    tag = b"t" * 16
    door.door_up(tag, b"card")
    async with asyncio.timeout(5):
        while not (cards := await newcomer.cards(tag)):  # noqa: ASYNC110  asked again
            await asyncio.sleep(0.05)
    assert cards == (b"card",)
    assert await newcomer.cards(b"u" * 16) == ()
    newcomer.carry(card_handle(b"card"), b"knock")
    await until(lambda: at_door)
    [(data, answer)] = at_door
    assert data == b"knock"
    answer(b"welcome")
    await until(lambda: at_newcomer)
    [(data, answer)] = at_newcomer
    assert data == b"welcome"
    answer(b"again")  # back by the same pair, which the door has as its own
    await until(lambda: len(at_door) == 2)
    assert at_door[1][0] == b"again"


async def test_an_item_that_was_handed_in_is_resolved_for_another(desk: Desk) -> None:
    key, now = RoomKey(os.urandom(16)), int(time.time())
    hour = hour_of(now)
    doors = [Contact(b"d" * 32, ("198.51.100.7", 4433), "door")]
    item = seal_record(key, hour, 0, doors, now, expiry_of(hour), os.urandom)
    stale = seal_record(key, hour - 3, 1, doors, now, expiry_of(hour - 3), os.urandom)
    giver, _ = await desk.member()
    asker, _ = await desk.member()
    giver.items((item.encode(), stale.encode(), b"no item at all"))
    target = slots(key, hour)[0].target
    async with asyncio.timeout(10):
        while not (found := await asker.resolve(target)):  # noqa: ASYNC110  asked again
            await asyncio.sleep(0.3)
    assert found == (item.encode(),)
    assert await asker.resolve(slots(key, hour - 3)[1].target) == ()


async def test_who_talks_to_a_relay_as_to_a_member_is_let_go(desk: Desk) -> None:
    link, _ = await desk.member()
    for _ in range(20):
        link.line.send(Bye())
    await until(lambda: not link.open)


async def test_a_relay_that_is_cancelled_ends_and_its_links_see_it(desk: Desk) -> None:
    link, _ = await desk.member()
    desk.relay.cancel()
    await asyncio.gather(desk.relay, return_exceptions=True)
    await until(lambda: not link.open)


@pytest.mark.skipif(sys.platform != "linux", reason="only there all of 127.0.0.0/8 is ours")
async def test_links_from_one_net_do_not_close_a_relay_to_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "neighbourhood", lambda ip: ip.encode())
    desk.control.limits = Limits(max_links=12, max_links_per_net=3)
    flood = [await desk.member("127.0.0.2") for _ in range(12)]
    await until(lambda: sum(link.open for link, _ in flood) == 3)
    home, _ = await desk.member("127.0.0.3")
    assert await home.cards(b"t" * 16) == ()
    assert home.open
    assert sum(link.open for link, _ in flood) == 3


async def test_at_a_full_relay_a_link_without_a_seat_makes_room(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "GRACE_S", 0.3)
    desk.control.limits = Limits(max_links=2)
    (first, _), (second, _) = await desk.member(), await desk.member()
    await asyncio.sleep(0.4)
    newcomer, _ = await desk.member()
    await until(lambda: not first.open)
    assert (second.open, newcomer.open) == (True, True)


def test_only_a_public_address_is_of_use_to_people_outside() -> None:
    assert is_public(NodeContact(("198.41.0.4", 4433), b"k" * 32))
    assert not is_public(NodeContact(("192.168.1.7", 4433), b"k" * 32))


async def test_a_relay_that_closes_on_us_is_not_called_again_at_once() -> None:
    async with Work() as work:
        relay_links = RelayLinks(SimpleNamespace(station=None, inbox=Inbox()), work)  # type: ignore[arg-type]
        closed = SimpleNamespace(until_silent=AsyncMock(), close=AsyncMock())
        relay_links.get = AsyncMock(return_value=closed)  # type: ignore[method-assign]
        relay_links.keep(Contact(bytes(range(32)), ("192.0.2.7", 4433), "relay"))
        await asyncio.sleep(0.1)
        assert relay_links.get.await_count == 1
        await relay_links.close()
