import asyncio
import os

import pytest

from crypto.dh import KeyPair
from crypto.veil import Veil
from p2p.dht.contact import NodeContact
from p2p.link.mux import Mux
from p2p.link.probe import Probe, Prober, made_up_offer
from p2p.link.web.proxy import Proxy
from p2p.relay.config import RelaySettings
from p2p.relay.server import run_relay
from p2p.wire.offers import Hello
from p2p.wire.version import PROTOCOL_VERSION
from p2p.wire.web_place import WebPlace
from tests.p2p.link.web.proxies import TestProxy

SECRET = b"s" * 32
OWN = Veil(KeyPair(SECRET).public)


@pytest.fixture
async def relay():
    ready = asyncio.get_running_loop().create_future()
    running = asyncio.ensure_future(run_relay(RelaySettings(("127.0.0.1", 0)), ready.set_result))
    yield await ready
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def mux():
    opened = await Mux.open(("127.0.0.1", 0), own=OWN)
    yield opened
    opened.close()


def asked(mux, contact, limit_s=5.0, key=None):
    places = [WebPlace(*contact.address)]
    return Prober(mux, SECRET, os.urandom).probe(
        key or contact.key, [contact.address], places, limit_s
    )


async def test_a_relay_answers_by_both_ways_and_says_where_it_sees_us(relay, mux):
    probe = await asked(mux, relay)
    assert probe.answered
    assert probe.udp_ms is not None
    assert probe.tcp_ms is not None
    assert probe.refusal is None
    assert probe.seen == probe.own == ("127.0.0.1", mux.local_port)


async def test_who_answers_to_another_key_takes_the_connection_and_says_nothing(relay, mux):
    probe = await asked(mux, relay, 2.0, KeyPair(os.urandom(32)).public)
    assert probe.refusal == "web"
    assert not probe.answered


async def test_nobody_answers_where_nobody_is(mux):
    began_s = asyncio.get_running_loop().time()
    nobody = await Mux.open(("127.0.0.1", 0))
    contact = NodeContact(("127.0.0.1", nobody.local_port), KeyPair(os.urandom(32)).public)
    probe = await asked(mux, contact, 0.5)
    nobody.close()
    assert probe == Probe()
    assert asyncio.get_running_loop().time() - began_s < 3.0


async def test_behind_a_proxy_only_the_proxy_is_asked(relay):
    async with TestProxy("http", relay.address).running() as proxy:
        hidden = await Mux.open(None, Proxy.parse(proxy.url), OWN)
        probe = await asked(hidden, relay)
        hidden.close()
        assert proxy.asked == [f"127.0.0.1:{relay.address[1]}"]
    assert probe.tcp_ms is not None
    assert (probe.udp_ms, probe.seen, probe.own) == (None, None, None)


def test_the_offer_names_no_address_and_is_new_each_time():
    one, other = made_up_offer(os.urandom), made_up_offer(os.urandom)
    assert one != other
    assert one.candidates == ()
    Hello.decode(Hello(PROTOCOL_VERSION, one).encode())
