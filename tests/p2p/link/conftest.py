"""Real sockets on loopback, with weather between them, and an inspection of what is left."""

import asyncio
import gc
import os
import random
from collections.abc import Callable

import pytest

from crypto.ids import DhKey
from crypto.veil import Veil
from p2p.link.demux import KINDS, Kind
from p2p.link.link import MediaLink, make_certificate
from p2p.link.mux import Mux
from p2p.wire.offers import Candidate, CandidateKind

CERTIFICATE = make_certificate()
VEIL = Veil(DhKey(bytes(32)))
"""All nodes of these tests have one key: that the right one is lifted `test_mux.py` shows."""


def covered(datagram: bytes) -> bytes:
    """As it is on the wire."""
    if datagram[:1] and KINDS[datagram[0]] is Kind.MEDIA:
        return VEIL.mask(datagram)
    return VEIL.cover(datagram, os.urandom, first=False)


class Weather:
    """What happens to datagrams that a socket sends.

    Attributes:
        lose: Called with each datagram; True: it is lost.
        delay_s: Added to each.
        hold_s: Called with each datagram; what is added to this one.
        sent: ``(protocol, target)`` of each, lost or not.
    """

    def __init__(self, mux: Mux) -> None:
        self.lose: Callable[[bytes], bool] = lambda _data: False
        self.delay_s = 0.0
        self.hold_s: Callable[[bytes], float] = lambda _data: 0.0
        self.sent: list[tuple[str, tuple[str, int]]] = []
        self._transmit = mux._transmit
        mux._transmit = self._passes

    def lose_some(self, share: float, seed: int) -> None:
        chance = random.Random(seed)
        self.lose = lambda _data: chance.random() < share

    def lose_first(self, count: int, what: Callable[[bytes], bool]) -> None:
        left = [count]

        def lose(data: bytes) -> bool:
            if left[0] and what(data):
                left[0] -= 1
                return True
            return False

        self.lose = lose

    def _passes(self, data, address, veil):
        self.sent.append((KINDS[data[0]].value, address))
        if self.lose(data):
            return
        wait_s = self.delay_s + self.hold_s(data)
        if wait_s:
            loop = asyncio.get_running_loop()
            loop.call_later(wait_s, self._transmit, data, address, veil)
        else:
            self._transmit(data, address, veil)


class End:
    """One end of a link, and what it got."""

    def __init__(self, bench: "Bench", mux: Mux, controlling: bool, host: str | None) -> None:
        ip = host or mux.local_ip
        where = (Candidate.of((ip, mux.local_port), CandidateKind.HOST),)
        self.mux = mux
        self.link = MediaLink(mux, CERTIFICATE, VEIL, controlling=controlling, candidates=where)
        self.frames: list[bytes] = []
        self.messages: list[bytes] = []
        self.closed: list[str] = []
        self.link.media.frames_to(self)
        self.link.on_message = self.messages.append
        self.link.on_closed = self.closed.append
        bench.ends.append(self)

    def frame(self, frame: bytes, _arrival_s: float) -> None:
        self.frames.append(frame)


class Bench:
    """Makes sockets and links and takes them away again."""

    def __init__(self) -> None:
        self.muxes: list[Mux] = []
        self.ends: list[End] = []
        self.failures: list[dict] = []

    def weather(self, mux: Mux) -> Weather:
        return Weather(mux)

    async def mux(self, listen=("127.0.0.1", 0)) -> Mux:
        mux = await Mux.open(listen, own=VEIL)
        self.muxes.append(mux)
        return mux

    def end(self, mux: Mux, *, controlling: bool, host: str | None = None) -> End:
        return End(self, mux, controlling, host)

    async def up(self, a: End, b: End, limit_s: float = 4.0) -> None:
        await asyncio.gather(
            a.link.connect(b.link.offer, limit_s), b.link.connect(a.link.offer, limit_s)
        )

    async def pair(self, a: Mux | None = None, b: Mux | None = None, **kwargs) -> tuple[End, End]:
        ends = (
            self.end(a or await self.mux(), controlling=True, **kwargs),
            self.end(b or await self.mux(), controlling=False, **kwargs),
        )
        await self.up(*ends)
        return ends

    async def until(self, condition: Callable[[], object], limit_s: float = 3.0) -> None:
        async with asyncio.timeout(limit_s):
            while not condition():  # noqa: ASYNC110  nothing here has an event to wait for
                await asyncio.sleep(0.005)

    async def talks(self, a: End, b: End, limit_s: float = 3.0) -> None:
        """Frames and messages pass both ways, now."""
        marks = {id(a): (len(a.frames), len(a.messages)), id(b): (len(b.frames), len(b.messages))}
        for end in (a, b):
            assert end.link.media.send(b"frame" * 20)
            assert end.link.send_message(b"message")
        await self.until(
            lambda: all(
                (len(e.frames), len(e.messages)) == (marks[id(e)][0] + 1, marks[id(e)][1] + 1)
                for e in (a, b)
            ),
            limit_s,
        )


@pytest.fixture
async def bench():
    made = Bench()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: made.failures.append(context))
    before = asyncio.all_tasks()
    yield made
    for end in made.ends:
        await end.link.close(drain_s=0.0)
    for mux in made.muxes:
        sizes = mux.routes.sizes()
        mux.close()
        assert set(sizes.values()) == {0}
    for _ in range(3):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()
    gc.collect()
    await asyncio.sleep(0)
    assert made.failures == []
