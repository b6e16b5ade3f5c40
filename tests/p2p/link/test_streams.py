"""Datagrams over real TCP connections on loopback."""

import asyncio
import os
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from p2p.link import streams as streams_module
from p2p.link.link import MediaLink
from p2p.link.mux import Mux
from p2p.link.streams import STREAMS_EACH, UNSENT_MAX_BYTES
from p2p.wire.offers import Candidate, CandidateKind, LinkOffer
from tests.p2p.link.conftest import CERTIFICATE

LOOPBACK = "127.0.0.1"


class Ends:
    """A relay that listens, a member that dials it, and what has reached them."""

    def __init__(self, relay: Mux, member: Mux) -> None:
        self.relay, self.member = relay, member
        self.place = (LOOPBACK, relay.local_port)
        self.at_relay: list[tuple[bytes, tuple[str, int]]] = []
        self.at_member: list[tuple[bytes, tuple[str, int]]] = []
        relay.on_datagram = lambda data, sender: self.at_relay.append((data, sender))
        member.on_datagram = lambda data, sender: self.at_member.append((data, sender))


async def until(true) -> None:
    async with asyncio.timeout(5.0):
        while not true():  # noqa: ASYNC110  the other end is in the same loop
            await asyncio.sleep(0.005)


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    relay, member = await Mux.open((LOOPBACK, 0)), await Mux.open((LOOPBACK, 0))
    assert await relay.streams.listen((LOOPBACK, relay.local_port))
    yield Ends(relay, member)
    relay.close()
    member.close()


async def test_what_is_sent_to_a_dialled_address_goes_over_tcp_and_back(ends: Ends) -> None:
    assert await ends.member.streams.dial(ends.place)
    first, second = b"\xc0" + os.urandom(511), b"\xc1" + os.urandom(1499)
    ends.member.send(first, ends.place)
    ends.member.send(second, ends.place)
    await until(lambda: len(ends.at_relay) == 2)
    assert [data for data, _ in ends.at_relay] == [first, second]
    [caller] = {sender for _, sender in ends.at_relay}
    assert caller != (LOOPBACK, ends.member.local_port), "it is no UDP address"
    ends.relay.send(b"\xc2", caller)
    await until(lambda: ends.at_member)
    assert ends.at_member == [(b"\xc2", ends.place)]


async def test_dialling_twice_opens_one_stream_and_hanging_up_ends_it(ends: Ends) -> None:
    assert await ends.member.streams.dial(ends.place)
    assert await ends.member.streams.dial(ends.place)
    await until(lambda: len(ends.relay.streams) == 1)
    ends.member.streams.hang_up(("127.0.0.9", 9))
    ends.member.streams.hang_up(ends.place)
    await until(lambda: not ends.relay.streams and not ends.member.streams)
    ends.member.send(b"\xc0", ends.place)
    await until(lambda: ends.at_relay)
    assert ends.at_relay[0][1] == (LOOPBACK, ends.member.local_port), "by UDP again"


async def test_where_nobody_listens_nothing_is_opened(ends: Ends) -> None:
    assert not await ends.relay.streams.dial((LOOPBACK, ends.member.local_port))
    assert not await ends.member.streams.listen(ends.place), "the port is taken"


@pytest.mark.parametrize("harm", [b"\x00\x00", b"\xff\xff\x01"])
async def test_a_length_that_cannot_be_ends_the_stream(ends: Ends, harm: bytes) -> None:
    reader, writer = await asyncio.open_connection(*ends.place)
    writer.write(harm)
    assert await asyncio.wait_for(reader.read(), 5.0) == b""
    writer.close()
    assert not ends.at_relay


async def test_datagrams_come_whole_however_they_are_cut(ends: Ends) -> None:
    _, writer = await asyncio.open_connection(*ends.place)
    for byte in b"\x00\x02\xc0\x01\x00\x01\xc1\x00":
        writer.write(bytes((byte,)))
        await asyncio.sleep(0.001)
    await until(lambda: len(ends.at_relay) == 2)
    assert [data for data, _ in ends.at_relay] == [b"\xc0\x01", b"\xc1"]
    writer.close()


async def test_one_address_has_a_bounded_number_of_streams(ends: Ends) -> None:
    writers = [(await asyncio.open_connection(*ends.place))[1] for _ in range(STREAMS_EACH + 3)]
    await until(lambda: ends.relay.streams.counters["stream_refused"] == 3)
    assert len(ends.relay.streams) == STREAMS_EACH
    for writer in writers:
        writer.close()


async def test_who_reads_nothing_loses_datagrams_and_costs_no_memory(ends: Ends) -> None:
    _, writer = await asyncio.open_connection(*ends.place)
    writer.write(b"\x00\x01\xc0")
    await until(lambda: ends.at_relay)
    caller = ends.at_relay[0][1]
    writer.transport.pause_reading()
    for _ in range(20_000):
        ends.relay.send(b"\xc2" * 1000, caller)
    assert ends.relay.streams.counters["stream_behind"] > 0
    [stream] = ends.relay.streams._streams.values()
    assert stream._transport.get_write_buffer_size() <= UNSENT_MAX_BYTES + 1002
    writer.close()


async def test_a_silent_stream_is_ended(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams_module, "IDLE_S", 0.1)
    reader, writer = await asyncio.open_connection(*ends.place)
    assert await asyncio.wait_for(reader.read(), 5.0) == b""
    writer.close()
    await until(lambda: not ends.relay.streams)


async def test_a_whole_link_runs_over_a_stream(ends: Ends) -> None:
    """ICE, DTLS, SRTP and the data channel, with UDP out of the way."""
    assert await ends.member.streams.dial(ends.place)
    await until(lambda: len(ends.relay.streams) == 1)
    [caller] = ends.relay.streams._streams
    for mux in (ends.member, ends.relay):
        assert mux._transport is not None
        mux._transport.sendto = lambda *_: None  # type: ignore[method-assign]
    ours = MediaLink(ends.member, CERTIFICATE, controlling=True)
    theirs = MediaLink(ends.relay, CERTIFICATE, controlling=False)

    def offer(link: MediaLink, at: tuple[str, int]) -> LinkOffer:
        own = link.offer
        return LinkOffer(
            own.ufrag, own.pwd, own.fingerprint, (Candidate.of(at, CandidateKind.HOST),)
        )

    frames: list[bytes] = []
    theirs.frames_to(SimpleNamespace(frame=lambda frame, _at_s: frames.append(frame)))
    await asyncio.gather(
        ours.connect(offer(theirs, ends.place)), theirs.connect(offer(ours, caller))
    )
    ours.send_frame(b"frame")
    await until(lambda: frames == [b"frame"])
    await ours.close()
    await theirs.close()
