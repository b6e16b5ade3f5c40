"""Homes behind routers of several kinds, asked whether strangers get through."""

import asyncio

import pytest

from lab.sim.dht_network import DhtNetwork
from p2p.dht.contact import NodeContact
from p2p.dht.knock_back import Knocked
from p2p.dht.node import DhtNode


class Router:
    """Before one home: lets in answers, or everybody.

    Attributes:
        written_to: Where the home has sent something.
    """

    def __init__(self, net: DhtNetwork, lets_in_all: bool) -> None:
        self.address, self.written_to = net.address(), set[tuple[str, int]]()
        self._net, self._lets_in_all = net, lets_in_all
        self.home = DhtNode(
            self._send,
            net.rng(32),
            rng=net.rng,
            server=False,
            now=asyncio.get_running_loop().time,
            unix=net.unix,
        )
        net.all.append(self.home)
        net.taps[self.address] = self._came

    def _send(self, data: bytes, to: tuple[str, int]) -> None:
        self.written_to.add(to)
        self._net.carry(data, self.address, to)

    def _came(self, data: bytes, source: tuple[str, int]) -> None:
        if self._lets_in_all or source in self.written_to:
            self.home.receive(data, source)


@pytest.fixture
async def net():
    made = DhtNetwork()
    yield made
    await made.close()


async def nodes(net: DhtNetwork, count: int) -> list[NodeContact]:
    return await net.grow(count)


@pytest.mark.parametrize(("open_to_all", "came"), [(True, "REACHED"), (False, "NOT_REACHED")])
async def test_strangers_get_through_where_the_router_lets_them(
    net: DhtNetwork, open_to_all: bool, came: str
) -> None:
    helper, *_ = await nodes(net, 3)
    router = Router(net, open_to_all)
    assert await router.home.knock_back(helper) is Knocked[came]
    assert router.written_to >= {helper.address}


async def test_that_the_helper_itself_gets_through_proves_nothing(net: DhtNetwork) -> None:
    helper, other = await nodes(net, 2)
    router = Router(net, lets_in_all=True)
    net.dead.add(other.address)
    assert await router.home.knock_back(helper) is Knocked.NOT_REACHED


async def test_a_helper_that_knows_nobody_can_not_tell(net: DhtNetwork) -> None:
    (helper,) = await nodes(net, 1)
    assert await Router(net, lets_in_all=True).home.knock_back(helper) is Knocked.NOBODY_ELSE


async def test_a_helper_in_the_same_net_as_the_others_is_not_taken_to_know_any(
    net: DhtNetwork,
) -> None:
    entry, first = net.add(("99.1.1.1", 4000))
    neighbour, second = net.add(("99.1.1.2", 4000))
    await entry.start()
    await neighbour.start([first])
    assert await Router(net, lets_in_all=True).home.knock_back(second) is Knocked.NOBODY_ELSE


async def test_a_helper_that_is_silent_is_given_up(net: DhtNetwork) -> None:
    (helper,) = await nodes(net, 1)
    net.dead.add(helper.address)
    assert await Router(net, lets_in_all=True).home.knock_back(helper) is Knocked.NO_ANSWER
