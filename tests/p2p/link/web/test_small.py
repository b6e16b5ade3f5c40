"""TCP in small segments, over real connections on loopback."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from p2p.link.mux import Mux
from p2p.link.stream_dialer import SMALL_AFTER_S
from p2p.link.web import small
from p2p.link.web.small import SEGMENT_BYTES, connected_small
from p2p.link.web.tls import relay_context
from p2p.wire.web_place import WebPlace

HOST = "127.0.0.1"
KEY = bytes(range(32))
pytestmark = pytest.mark.skipif(
    not hasattr(socket, "TCP_MAXSEG"), reason="this system has no such sockets"
)


class Hole:
    """A way to a relay on which large segments vanish: what is dialled with those says nothing."""

    def __init__(self, relay_port: int, *, patience_s: float) -> None:
        self._relay_port, self._patience_s = relay_port, patience_s
        self.segments: list[int] = []

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        self.segments.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))
        if self.segments[-1] > SEGMENT_BYTES:
            await asyncio.sleep(self._patience_s)
        there, back = await asyncio.open_connection(HOST, self._relay_port)
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))

    async def _pass_on(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        while data := await source.read(4096):
            to.write(data)
        to.close()


@contextlib.asynccontextmanager
async def behind_a_hole(patience_s: float) -> AsyncIterator[tuple[Mux, WebPlace, Hole]]:
    """A member, the place of a relay behind the hole, and the hole."""
    relay, member = await Mux.open((HOST, 0)), await Mux.open((HOST, 0))
    assert await relay.streams.listen((HOST, relay.local_port), KEY, relay_context(None, None))
    hole = Hole(relay.local_port, patience_s=patience_s)
    server = await asyncio.start_server(hole.carry, HOST, 0)
    try:
        yield member, WebPlace(HOST, server.sockets[0].getsockname()[1]), hole
    finally:
        member.close()
        relay.close()
        server.close()


async def test_neither_end_sends_more_than_a_small_segment_in_a_packet():
    with socket.create_server((HOST, 0)) as server:
        ours = await connected_small(HOST, server.getsockname()[1])
        theirs, _ = server.accept()
        with ours, theirs:
            for end in (ours, theirs):
                assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) <= SEGMENT_BYTES


async def test_where_nobody_listens_it_is_refused():
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        await connected_small(HOST, port)


async def test_a_stream_opens_where_large_segments_vanish():
    async with behind_a_hole(30.0) as (member, place, hole):
        began_s = asyncio.get_running_loop().time()
        assert await member.streams.dialer.dial(place, KEY, 8.0) is not None
        assert asyncio.get_running_loop().time() - began_s < 5.0
        assert min(hole.segments) <= SEGMENT_BYTES < max(hole.segments)


async def test_where_a_stream_opens_at_once_no_small_segment_shows_itself():
    async with behind_a_hole(0.0) as (member, place, hole):
        assert await member.streams.dialer.dial(place, KEY, 8.0) is not None
        await asyncio.sleep(SMALL_AFTER_S + 0.3)
        assert len(hole.segments) == 1


async def test_a_system_without_small_segments_waits_for_the_large_ones(monkeypatch):
    monkeypatch.setattr(small, "_MAXSEG", None)
    async with behind_a_hole(SMALL_AFTER_S + 0.5) as (member, place, hole):
        assert await member.streams.dialer.dial(place, KEY, 8.0) is not None
        assert len(hole.segments) == 1
