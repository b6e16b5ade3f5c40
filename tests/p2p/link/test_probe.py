import asyncio
import os

import pytest

from crypto.dh import KeyPair
from p2p.link.mux import Mux
from p2p.link.probe import Prober
from p2p.relay.config import RelaySettings
from p2p.relay.server import run_relay
from p2p.wire.offers import Hello
from p2p.wire.version import PROTOCOL_VERSION
from p2p.wire.web_place import WebPlace


@pytest.fixture
async def relay():
    ready = asyncio.get_running_loop().create_future()
    running = asyncio.ensure_future(run_relay(RelaySettings(("127.0.0.1", 0)), ready.set_result))
    yield await ready
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def mux():
    opened = await Mux.open(("127.0.0.1", 0))
    yield opened
    opened.close()


async def test_a_relay_answers_by_both_ways_and_says_where_it_sees_us(relay, mux):
    probe = await Prober(mux, os.urandom).probe(relay.key, relay.address, 5.0)
    assert probe.answered
    assert probe.udp_ms is not None
    assert probe.tcp_ms is not None
    assert probe.seen == probe.own == ("127.0.0.1", mux.local_port)


async def test_who_answers_to_another_key_has_an_open_port_and_no_answer(relay, mux):
    probe = await Prober(mux, os.urandom).probe(KeyPair(os.urandom(32)).public, relay.address, 1.0)
    assert probe.tcp_open
    assert not probe.answered


async def test_of_a_node_that_only_the_web_leads_to_nothing_is_asked_by_udp(relay, mux):
    place = WebPlace(*relay.address)
    probe = await Prober(mux, os.urandom).probe(relay.key, relay.address, 5.0, place)
    assert probe.udp_ms is None
    assert probe.tcp_ms is not None


async def test_nobody_answers_where_nobody_is(mux):
    began_s = asyncio.get_running_loop().time()
    nobody = await Mux.open(("127.0.0.1", 0))
    probe = await Prober(mux, os.urandom).probe(
        KeyPair(os.urandom(32)).public, ("127.0.0.1", nobody.local_port), 0.5
    )
    nobody.close()
    assert not probe.answered
    assert not probe.tcp_open
    assert asyncio.get_running_loop().time() - began_s < 3.0


async def test_the_offer_names_no_address_and_is_new_each_time(mux):
    prober = Prober(mux, os.urandom)
    one, other = prober._offer(), prober._offer()
    assert one != other
    assert one.candidates == ()
    Hello.decode(Hello(PROTOCOL_VERSION, one).encode())
