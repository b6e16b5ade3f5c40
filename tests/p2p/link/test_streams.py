"""Datagrams over real TCP connections on loopback, as the web has them."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from crypto.veil import Veil
from p2p.link import streams as streams_module
from p2p.link.link import MediaLink
from p2p.link.mux import Mux
from p2p.link.stream import UNSENT_MAX_BYTES
from p2p.link.streams import STREAMS_EACH
from p2p.link.web.accept_rate import ONE_NET
from p2p.link.web.tls import relay_context
from p2p.wire.web_place import WebPlace
from tests.p2p.link.conftest import CERTIFICATE, VEIL
from tests.p2p.link.web.webclient import WebClient

LOOPBACK = "127.0.0.1"
RELAY_KEY = bytes(range(32))
TLS = relay_context(None, None)


class Ends:
    """A relay that listens, a member that dials it, and what has reached them."""

    def __init__(self, relay: Mux, member: Mux) -> None:
        self.relay, self.member = relay, member
        self.place = (LOOPBACK, relay.local_port)
        self.web = WebPlace(LOOPBACK, relay.local_port)
        self.at_relay: list[tuple[bytes, tuple[str, int]]] = []
        self.at_member: list[tuple[bytes, tuple[str, int]]] = []
        relay.on_datagram = lambda data, sender: self.at_relay.append((data, sender))
        member.on_datagram = lambda data, sender: self.at_member.append((data, sender))


async def until(true) -> None:
    async with asyncio.timeout(5.0):
        while not true():  # noqa: ASYNC110  the other end is in the same loop
            await asyncio.sleep(0.005)


@pytest.fixture
def own() -> Veil | None:
    """Streams carry what they are given, under a veil or not."""
    return None


@pytest.fixture
async def ends(own: Veil | None) -> AsyncIterator[Ends]:
    relay, member = [await Mux.open((LOOPBACK, 0), own=own) for _ in range(2)]
    assert await relay.streams.listen((LOOPBACK, relay.local_port), RELAY_KEY, TLS)
    yield Ends(relay, member)
    relay.close()
    member.close()


async def upgraded(ends: Ends) -> WebClient:
    """A member of another make, whose stream is open."""
    return await WebClient.upgraded(ends.place, RELAY_KEY)


async def test_what_is_sent_to_a_dialled_address_goes_over_tcp_and_back(ends: Ends) -> None:
    stream = await ends.member.streams.dialer.dial(ends.web, RELAY_KEY)
    assert stream is not None
    assert stream[0] == LOOPBACK
    first, second = b"\xc0" + os.urandom(511), b"\xc1" + os.urandom(1499)
    ends.member.send(first, stream)
    ends.member.send(second, stream)
    await until(lambda: len(ends.at_relay) == 2)
    assert [data for data, _ in ends.at_relay] == [first, second]
    [caller] = {sender for _, sender in ends.at_relay}
    assert caller[1] >= 65_536, "no UDP port is that large"
    ends.relay.send(b"\xc2", caller)
    await until(lambda: ends.at_member)
    assert ends.at_member == [(b"\xc2", stream)]


async def test_udp_to_a_host_goes_on_beside_a_stream_to_it(ends: Ends) -> None:
    stream = await ends.member.streams.dialer.dial(ends.web, RELAY_KEY)
    assert stream is not None
    ends.member.send(b"\xc0", ends.place)
    ends.member.send(b"\xc1", stream)
    await until(lambda: len(ends.at_relay) == 2)
    senders = dict(ends.at_relay)
    assert senders[b"\xc0"] == (LOOPBACK, ends.member.local_port)
    assert senders[b"\xc1"][1] >= 65_536


async def test_dialling_twice_opens_one_stream_and_hanging_up_ends_it(ends: Ends) -> None:
    assert await ends.member.streams.dialer.dial(ends.web, RELAY_KEY)
    assert await ends.member.streams.dialer.dial(ends.web, RELAY_KEY)
    await until(lambda: len(ends.relay.streams) == 1)
    ends.member.streams.hang_up(("127.0.0.9", 65_536 + 9))
    [stream] = ends.member.streams._streams
    ends.member.streams.hang_up(stream)
    await until(lambda: not ends.relay.streams and not ends.member.streams)
    ends.member.send(b"\xc0", stream)
    assert ends.member.counters["no_way"] == 1


async def test_where_nobody_listens_nothing_is_opened(ends: Ends) -> None:
    nobody = WebPlace(LOOPBACK, ends.member.local_port)
    assert not await ends.relay.streams.dialer.dial(nobody, RELAY_KEY)
    assert not await ends.member.streams.listen(ends.place, RELAY_KEY, TLS), "the port is taken"


@pytest.mark.parametrize(
    "harm",
    [
        b"\x82\xfe\x05\xdd" + bytes(4) + bytes(1501),  # a message of 1,501 bytes
        b"\x02\x81" + bytes(4) + b"a" + b"\x00\xfe\x05\xdc" + bytes(4) + bytes(1500),  # in parts
        b"\x81\x81" + bytes(4) + b"a",  # text
        b"\x82\x01a",  # not masked
        b"\x88\x80" + bytes(4),  # the end
    ],
)
async def test_what_is_no_datagram_ends_the_stream(ends: Ends, harm: bytes) -> None:
    client = await upgraded(ends)
    client.write(harm)
    assert await asyncio.wait_for(client.until_closed(), 5.0)
    assert not ends.at_relay


async def test_datagrams_come_whole_however_they_are_cut(ends: Ends) -> None:
    client = await upgraded(ends)
    for byte in b"\x82\x82\x00\x00\x00\x00\xc0\x01\x82\x81\x00\x00\x00\x00\xc1":
        client.write(bytes((byte,)))
        await asyncio.sleep(0.001)
    await until(lambda: len(ends.at_relay) == 2)
    assert [data for data, _ in ends.at_relay] == [b"\xc0\x01", b"\xc1"]
    client.close()


async def test_one_address_has_a_bounded_number_of_streams(ends: Ends) -> None:
    writers = [(await asyncio.open_connection(*ends.place))[1] for _ in range(STREAMS_EACH + 3)]
    await until(lambda: ends.relay.streams.counters["stream_refused"] == 3)
    assert len(ends.relay.streams) == STREAMS_EACH
    for writer in writers:
        writer.close()


async def test_who_reads_nothing_loses_datagrams_and_costs_no_memory(ends: Ends) -> None:
    client = await upgraded(ends)
    client.write(b"\x82\x81\x00\x00\x00\x00\xc0")
    await until(lambda: ends.at_relay)
    caller = ends.at_relay[0][1]
    client.writer.transport.pause_reading()
    for _ in range(20_000):
        ends.relay.send(b"\xc2" * 1000, caller)
    assert ends.relay.streams.counters["stream_behind"] > 0
    [stream] = ends.relay.streams._streams.values()
    assert stream._transport.get_write_buffer_size() <= UNSENT_MAX_BYTES + 1100
    client.close()


@pytest.mark.parametrize(
    "frame",
    [b"\x82\x80", b"\x00\x80", b"\x8a\x80", b"\x89\x80"],
    ids=["empty datagrams", "a message in pieces without end", "pongs", "pings"],
)
async def test_small_frames_without_end_stop_nobody_elses_sound(ends: Ends, frame: bytes) -> None:
    client = await upgraded(ends)
    start = b"\x02\x80" + bytes(4) if frame[0] == 0 else b""
    client.write(start + (frame + bytes(4)) * 30_000)
    assert await asyncio.wait_for(client.until_closed(), 10.0)
    await until(lambda: not ends.relay.streams)
    assert ends.relay.streams.counters["stream_broken"] == 1, "long before it is of no link"


async def test_ten_seconds_of_sound_may_come_at_once(ends: Ends) -> None:
    """A line of the mobile network stood still so long."""
    client = await upgraded(ends)
    client.write((b"\x82\xfe\x00\xb4" + bytes(4) + b"\xc0" * 180) * 500)
    await until(lambda: len(ends.at_relay) == 500)
    assert ends.relay.streams
    client.close()


async def test_a_stream_of_no_link_is_ended_soon_though_it_is_not_silent(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams_module, "NAMELESS_S", 0.3)
    monkeypatch.setattr(streams_module, "LOOK_EVERY_S", 0.05)
    client = await upgraded(ends)
    began_s = time.monotonic()
    with contextlib.suppress(ConnectionError):
        while not client.reader.at_eof():
            client.write(b"\x82\x81\x00\x00\x00\x00\xc0")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(client.reader.read(100), 0.05)
    assert 0.2 < time.monotonic() - began_s < 2.0
    client.close()
    await until(lambda: not ends.relay.streams)


async def test_a_network_has_a_bounded_number_of_streams(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams_module, "STREAMS_EACH", 2)
    monkeypatch.setattr(streams_module, "STREAMS_NEAR", 5)
    loop = asyncio.get_running_loop()

    async def come_from(ip: str) -> bool:
        """Whether the relay has one stream more."""
        counters = ends.relay.streams.counters
        before = counters["stream_up"], counters["stream_refused"]
        await loop.create_connection(asyncio.Protocol, *ends.place, local_addr=(ip, 0))
        await until(lambda: (counters["stream_up"], counters["stream_refused"]) != before)
        return counters["stream_up"] > before[0]

    of_one = [await come_from("127.0.0.2") for _ in range(3)]
    assert of_one == [True, True, False]
    near = [await come_from(f"127.0.0.{n}") for n in range(3, 8)]
    assert near == [True, True, True, False, False], "a /24 counts as well"
    assert await come_from("127.0.1.2"), "others are not kept out"


async def test_streams_that_come_and_go_cost_the_relay_no_more_than_some_handshakes(
    ends: Ends,
) -> None:
    came = 0
    for _ in range(80):
        reader, writer = await asyncio.open_connection(*ends.place)
        writer.write(b"rubbish")
        with contextlib.suppress(ConnectionError):
            came += bool(await asyncio.wait_for(reader.read(1), 5.0))  # an alert of TLS
        writer.close()
    counters = ends.relay.streams.counters
    assert counters["stream_up"] + counters["stream_refused"] == 80
    assert counters["stream_up"] <= ONE_NET.burst + 5 * ONE_NET.per_s
    assert came <= counters["stream_up"]


async def test_where_all_places_are_taken_a_stream_of_no_link_gives_way(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams_module, "STREAMS_MAX", 2)
    streams = [await asyncio.open_connection(*ends.place)]
    await until(lambda: len(ends.relay.streams) == 1)
    streams += [await asyncio.open_connection(*ends.place) for _ in range(2)]
    first, _ = streams[0]
    assert await asyncio.wait_for(first.read(), 5.0) == b""
    assert len(ends.relay.streams) == 2


async def test_a_relay_on_all_addresses_takes_streams_of_both_ip_versions() -> None:
    relay = await Mux.open(("::", 0))
    try:
        assert await relay.streams.listen(("::", relay.local_port), RELAY_KEY, TLS)
        for ip in ("127.0.0.1", "::1"):
            _, writer = await asyncio.open_connection(ip, relay.local_port)
            writer.close()
    finally:
        relay.close()


async def test_a_silent_stream_is_ended(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams_module, "IDLE_S", 0.1)
    monkeypatch.setattr(streams_module, "LOOK_EVERY_S", 0.05)
    reader, writer = await asyncio.open_connection(*ends.place)
    assert await asyncio.wait_for(reader.read(), 5.0) == b""
    writer.close()
    await until(lambda: not ends.relay.streams)


@pytest.mark.parametrize("own", [VEIL])
async def test_a_whole_link_runs_over_a_stream(ends: Ends) -> None:
    """ICE, DTLS, SRTP and the data channel, with UDP out of the way."""
    stream = await ends.member.streams.dialer.dial(ends.web, RELAY_KEY)
    assert stream is not None
    for mux in (ends.member, ends.relay):
        assert mux._transport is not None
        mux._transport.sendto = lambda *_: None  # type: ignore[method-assign]
    ours = MediaLink(ends.member, CERTIFICATE, VEIL, controlling=True)
    theirs = MediaLink(ends.relay, CERTIFICATE, VEIL, controlling=False)

    frames: list[bytes] = []
    theirs.media.frames_to(SimpleNamespace(frame=lambda frame, _at_s: frames.append(frame)))
    await asyncio.gather(ours.connect(theirs.offer, known=(stream,)), theirs.connect(ours.offer))
    assert ours.by_stream
    assert theirs.by_stream
    ours.media.send(b"frame")
    await until(lambda: frames == [b"frame"])
    assert len(ends.relay.streams) == 1, "it belongs to a link"
    await ours.close()
    await theirs.close()
