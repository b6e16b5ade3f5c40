"""Networks that stop a flow in the middle: real relays, real sockets, a censor in between."""

import asyncio
import time

from crypto.veil import Veil
from p2p.node.relays import frozen as frozen_module
from p2p.node.relays import relay_streams as relay_streams_module
from p2p.wire.addresses import Address, is_stream
from tests.p2p.node.inn import Member, Speaker, an_inn, granted, talking, until


class Censor:
    """Stands on a member's line, and swallows datagrams in both directions when told to."""

    def __init__(self, member: Member) -> None:
        self.swallows = False
        self.mux = mux = member.net.station.mux
        send, receive = mux._transmit, mux._received

        def out(data: bytes, address: tuple[str, int], veil: Veil | None) -> None:
            if not self.swallows or is_stream(address):
                send(data, address, veil)

        def back(data: bytes, address: tuple[str, int], arrival_s: float) -> None:
            if not self.swallows or is_stream(address):
                receive(data, address, arrival_s)

        mux._transmit = out  # type: ignore[method-assign]
        mux._received = back  # type: ignore[method-assign]


async def test_where_a_flow_by_udp_is_stopped_sound_is_back_within_a_second_and_a_half():
    async with an_inn() as inn:
        await inn.relay()
        host, speaker, listener = await inn.the_host(0), await inn.member(0), await inn.member(0)
        censor, voice = Censor(listener), Speaker()
        granted(inn, speaker, host)
        async with talking(speaker, voice):
            await until(lambda: len(listener.heard) > 20)
            seat = listener.seats.first
            censor.swallows, began_s = True, time.monotonic()
            await asyncio.sleep(4.0)
            assert listener.longest_silence_s(began_s) < 1.5
            assert listener.seats.first is seat, "the link is the same, with its keys"


async def test_it_is_by_udp_again_once_that_works(monkeypatch):
    monkeypatch.setattr(relay_streams_module, "UDP_AGAIN_S", 0.3)
    monkeypatch.setattr(relay_streams_module, "MOVED_S", 0.2)
    monkeypatch.setattr(frozen_module, "AGAIN_S", 1.0)
    async with an_inn() as inn:
        await inn.relay()
        listener = await inn.the_host(0)
        link = listener.seats.first.link.line.link
        censor = Censor(listener)
        censor.swallows = True
        await until(lambda: link.by_stream)
        censor.swallows = False
        await until(lambda: not link.by_stream)
        await until(lambda: len(censor.mux.streams) == 0)


async def test_after_a_short_hole_it_stays_by_udp_and_no_stream_is_left(monkeypatch):
    async with an_inn() as inn:
        await inn.relay()
        listener = await inn.the_host(0)
        link = listener.seats.first.link.line.link
        censor, opened = Censor(listener), list[list[Address]]()
        open_streams = relay_streams_module.RelayStreams.open

        async def while_the_hole_ends(streams: relay_streams_module.RelayStreams) -> list[Address]:
            heard_s, censor.swallows = link.last_heard_s, False
            await until(lambda: link.last_heard_s > heard_s)
            opened.append(await open_streams(streams))
            return opened[-1]

        monkeypatch.setattr(relay_streams_module.RelayStreams, "open", while_the_hole_ends)
        censor.swallows = True
        await until(lambda: opened)
        await asyncio.sleep(0.5)
        assert opened[0]
        assert not link.by_stream
        assert len(censor.mux.streams) == 0
