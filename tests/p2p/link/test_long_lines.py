"""Links over lines that are long, lose much, swallow long packets or take out messages."""

import asyncio
import time

import pytest

from p2p.link import setup as links
from p2p.link.demux import KINDS, Kind
from p2p.link.link import LinkFailed

APPLICATION_DATA = 23
ONE_WAY_S = 0.3
IP_AND_UDP_BYTES = 48


async def new_pair(bench):
    """Who asks, who answers, and the weather on the way from each."""
    ends = [bench.end(await bench.mux(), controlling=c) for c in (True, False)]
    return *ends, *(bench.weather(end.mux) for end in ends)


async def at_a_door(bench, asker, door):
    """The way that a link goes whose question was answered straight."""
    address = ("127.0.0.1", asker.mux.local_port)
    door.link.answered_at(address)
    known = (("127.0.0.1", door.mux.local_port),)
    bare = [type(e.link.offer)(e.link.offer.ufrag, e.link.offer.pwd, e.link.offer.fingerprint)
            for e in (asker, door)]  # fmt: skip
    answering = asyncio.ensure_future(door.link.connect(bare[0]))
    await asyncio.sleep(0)
    await asker.link.connect(bare[1], known=known, rtt_s=2 * ONE_WAY_S)
    return answering


async def test_a_link_over_a_long_line_takes_four_round_trips(bench):
    asker, door, *weathers = await new_pair(bench)
    for weather in weathers:
        weather.delay_s = ONE_WAY_S
    began_s = time.monotonic()
    answering = await at_a_door(bench, asker, door)
    trips = (time.monotonic() - began_s) / (2 * ONE_WAY_S)
    assert 2.9 < trips < 4.0
    await answering
    await bench.talks(asker, door)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
async def test_a_link_comes_up_over_600_ms_and_every_tenth_datagram_lost(bench, seed):
    asker, door, *weathers = await new_pair(bench)
    for n, weather in enumerate(weathers):
        weather.lose_some(0.1, 2 * seed + n)
        weather.delay_s = ONE_WAY_S
    await (await at_a_door(bench, asker, door))
    asker.link.send_message(b"there")
    door.link.send_message(b"back")
    await bench.until(lambda: (door.messages, asker.messages) == ([b"there"], [b"back"]), 10.0)


async def test_a_set_up_that_gets_on_is_not_given_up(bench, monkeypatch):
    asker, door, *weathers = await new_pair(bench)
    for weather in weathers:
        weather.delay_s = ONE_WAY_S
    began_s = time.monotonic()
    await asyncio.gather(
        asker.link.connect(door.link.offer, 1.0), door.link.connect(asker.link.offer, 1.0)
    )
    assert time.monotonic() - began_s > 1.0


async def test_a_set_up_that_gets_on_for_ever_is_given_up(bench, monkeypatch):
    monkeypatch.setattr(links, "SETUP_LIMIT_S", 1.0)
    asker, door, *weathers = await new_pair(bench)
    weathers[0].lose = lambda data: KINDS[data[0]] is Kind.DTLS
    began_s = time.monotonic()
    answering = asyncio.ensure_future(door.link.connect(asker.link.offer, 1.0))
    connecting = asyncio.ensure_future(asker.link.connect(door.link.offer, 0.9))
    for n in range(40):
        await asyncio.sleep(0.05)
        asker.link.on_dtls(b"\x16" + n.to_bytes(2, "big"), ("127.0.0.1", door.mux.local_port))
    results = await asyncio.gather(answering, connecting, return_exceptions=True)
    assert all(isinstance(result, LinkFailed) for result in results)
    assert time.monotonic() - began_s < 3.0


async def test_the_round_trip_is_measured_though_checks_are_sent_faster_than_it(bench):
    asker, door, *weathers = await new_pair(bench)
    for weather in weathers:
        weather.delay_s = ONE_WAY_S
    await bench.up(asker, door)
    for end in (asker, door):
        assert 2000 * ONE_WAY_S <= end.link.rtt_ms < 2400 * ONE_WAY_S


@pytest.mark.parametrize("mtu", [1200])
async def test_where_long_packets_vanish_a_link_works_and_takes_long_messages(bench, mtu):
    asker, door, *weathers = await new_pair(bench)
    for weather in weathers:
        weather.lose = lambda data: len(data) > mtu - IP_AND_UDP_BYTES
    await bench.up(asker, door)
    await bench.talks(asker, door)
    message = bytes(range(256)) * 64
    assert asker.link.send_message(message)
    assert door.link.send_message(message)
    await bench.until(lambda: message in asker.messages and message in door.messages, 3.0)


async def test_a_short_message_over_a_long_line_survives_one_loss_without_a_repeat_timer(bench):
    asker, door, *weathers = await new_pair(bench)
    for weather in weathers:
        weather.delay_s = ONE_WAY_S
    await bench.up(asker, door)
    weathers[0].lose_first(1, lambda data: data[0] == APPLICATION_DATA)
    began_s = time.monotonic()
    asker.link.send_message(b"once")
    await bench.until(lambda: door.messages == [b"once"], 3.0)
    assert time.monotonic() - began_s < ONE_WAY_S + 0.25
    await asyncio.sleep(4 * ONE_WAY_S)
    assert door.messages == [b"once"]


async def test_a_peer_whose_messages_are_taken_out_is_found_deaf_while_its_sound_goes_on(bench):
    asker, door, *weathers = await new_pair(bench)
    await bench.up(asker, door)
    for weather in weathers:
        weather.lose = lambda data: KINDS[data[0]] is Kind.DTLS
    began_s = time.monotonic()
    while not asker.closed and time.monotonic() - began_s < 8.0:
        asker.link.media.send(b"sound")
        door.link.media.send(b"sound")
        await asyncio.sleep(0.02)
    assert asker.closed == ["deaf"]
    assert 2.0 < time.monotonic() - began_s < 4.5
    assert len(asker.frames) > 50


async def test_a_peer_that_hears_no_message_is_found_deaf_though_it_goes_on_saying_things(bench):
    asker, door, to_door, _ = await new_pair(bench)
    await bench.up(asker, door)
    to_door.lose = lambda data: KINDS[data[0]] is Kind.DTLS
    began_s = time.monotonic()
    while not asker.closed and time.monotonic() - began_s < 8.0:
        asker.link.media.send(b"sound")
        door.link.media.send(b"sound")
        door.link.send_message(b"still here")
        await asyncio.sleep(0.02)
    assert asker.closed == ["deaf"]
    assert 2.0 < time.monotonic() - began_s < 4.5
    assert b"still here" in asker.messages


async def test_a_quiet_peer_that_answers_is_not_taken_for_deaf(bench):
    asker, door, *weathers = await new_pair(bench)
    for n, weather in enumerate(weathers):
        weather.lose_some(0.15, n)
    await bench.up(asker, door)
    await asyncio.sleep(6.0)
    assert asker.closed == []
