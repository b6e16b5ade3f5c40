"""Asking by several ways for one link, over real sockets on loopback."""

import asyncio
import hashlib
import time
from dataclasses import replace

import pytest
from cryptography.x509 import load_der_x509_certificate
from OpenSSL.crypto import FILETYPE_ASN1, dump_certificate

from crypto.identity import Identity
from crypto.knock import HELLO, NO_PSK, Responder
from crypto.veil import Veil
from p2p.link.dial import WAYS_MAX, Carrier, Station, Ways, reach
from p2p.link.door import Door
from p2p.link.link import make_certificate
from p2p.link.mux import Mux
from p2p.link.own_addresses import Whereabouts
from p2p.link.pending_links import QUIET_S
from p2p.link.transactions import Calls
from p2p.link.work import Work
from p2p.rng import system_rng
from p2p.wire.offers import HelloAck
from p2p.wire.version import PROTOCOL_VERSION

CERTIFICATE = make_certificate()
NOWHERE = ("127.0.0.1", 9)


async def a_station(identity):
    mux = await Mux.open(("127.0.0.1", 0), own=Veil(identity.dh))
    calls = Calls(identity.dh_secret, system_rng)
    return Station(mux, CERTIFICATE, calls, Whereabouts(mux))


class Two:
    """A caller and a door, each on its own socket."""

    async def open(self, work):
        self.caller = Identity.generate(system_rng)
        self.owner = Identity.generate(system_rng)
        self.here = await a_station(self.caller)
        self.there = await a_station(self.owner)
        self.lines = []
        self.door = Door(
            self.there,
            Responder(self.owner.dh_secret, NO_PSK, HELLO, system_rng),
            HELLO,
            lambda seen, offer: HelloAck(PROTOCOL_VERSION, seen, offer).encode(),
            lambda line, _dh: self.lines.append(line),
            work,
        )
        self.here.mux.on_datagram = lambda data, _sender: self.here.calls.receive(data)
        self.there.mux.on_datagram = lambda data, sender: self.door.asked(
            data, sender, lambda answer, veil: self.there.mux.send(answer, sender, veil)
        )
        return self

    @property
    def address(self):
        return "127.0.0.1", self.there.mux.local_port

    def carried(self, datagram):
        """A carrier that needs no time; it is as near as both ends."""
        self.door.asked(datagram, None, lambda data, _veil: self.here.calls.receive(data), NOWHERE)

    async def reach(self, ways, limit_s=3.0):
        return await reach(self.here, self.owner.dh, NO_PSK, HELLO, ways, limit_s)

    async def close(self):
        await asyncio.gather(*(line.close() for line in self.lines))
        self.here.mux.close()
        self.there.mux.close()


@pytest.fixture
async def two():
    async with Work() as work:
        made = await Two().open(work)
        yield made
        await made.close()


async def test_a_known_address_is_enough(two):
    line, ack = await two.reach(Ways(two.address))
    assert ack.seen.address == ("127.0.0.1", two.here.mux.local_port)
    assert line.link.remote_address == two.address
    await line.close()


async def test_all_ways_lead_to_one_link(two):
    carrier = Carrier(two.carried, NOWHERE, b"relay")
    line, _ = await two.reach(Ways(two.address, carrier))
    await asyncio.sleep(0.5)
    assert two.door.counters["answered"] == 2
    assert len(two.lines) == 1
    assert line.open
    await line.close()


async def test_a_way_that_is_learned_meanwhile_is_tried_at_once(two):
    ways = Ways(NOWHERE)
    reaching = asyncio.ensure_future(two.reach(ways))
    await asyncio.sleep(0.4)
    began_s = time.monotonic()
    ways.add(two.address)
    line, _ = await reaching
    assert time.monotonic() - began_s < 1.0
    await line.close()


async def test_without_any_way_and_with_dead_ways_there_is_an_end(two):
    for ways in (Ways(), Ways(NOWHERE)):
        with pytest.raises(TimeoutError):
            await two.reach(ways, limit_s=0.3)
    assert two.here.mux.routes.sizes()["ufrags"] == 0


async def test_a_stranger_is_not_reached(two):
    stranger = Identity.generate(system_rng)
    with pytest.raises(TimeoutError):
        await reach(two.here, stranger.dh, NO_PSK, HELLO, Ways(two.address), 0.4)
    assert two.lines == []


def test_ways_are_bounded_and_named_once():
    ways = Ways(*(("11.0.0.1", 1000 + n) for n in range(50)))
    assert len(ways.all) == WAYS_MAX
    first = Carrier(lambda _: None, None, b"relay")
    again = Carrier(lambda _: None, None, b"relay")
    ways.add(first)
    ways.add(again)
    assert again in ways.all
    assert first not in ways.all
    assert len(ways.all) == WAYS_MAX


async def test_a_question_that_was_given_up_long_ago_counts_as_no_link_in_the_making(two):
    asked = []
    asking = asyncio.ensure_future(two.reach(Ways(Carrier(asked.append, NOWHERE, b"late"))))
    await asyncio.sleep(0.1)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    two.door.asked(asked[0], None, lambda *_answer: None, NOWHERE)
    assert two.door.is_linking(two.caller.dh)
    await asyncio.sleep(QUIET_S + 0.1)
    assert not two.door.is_linking(two.caller.dh)


async def test_a_link_that_has_just_come_up_is_not_dialled_over(two):
    line, _ = await two.reach(Ways(two.address))
    while not two.lines:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert two.door.is_linking(two.caller.dh)
    assert not two.door.is_linking(two.owner.dh)
    await line.close()


async def test_by_the_certificate_nobody_who_watches_two_lines_knows_a_member_again():
    async with Work() as work:
        two, other = await Two().open(work), await Two().open(work)
        member = replace(two.here, certificate=None)
        seen = []
        for there in (two, other):
            line, _ = await reach(member, there.owner.dh, NO_PSK, HELLO, Ways(there.address), 3.0)
            with_it = line.link._association._dtls._ssl.get_certificate()
            seen.append(dump_certificate(FILETYPE_ASN1, with_it))
            assert hashlib.sha256(seen[-1]).digest() == line.link.offer.fingerprint
            await line.close()
        keys = [load_der_x509_certificate(der).public_key() for der in seen]
        assert keys[0] != keys[1]
        for each in (two, other):
            await each.close()
