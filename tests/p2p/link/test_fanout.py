import asyncio
import errno
import itertools
import socket
from collections import Counter

import pytest

from p2p.errors import LocalError
from p2p.link import sendmmsg
from p2p.link.backends import Backend, best_backend, works
from p2p.link.fanout import FanOut
from p2p.link.sendmmsg import SLOTS
from p2p.link.web.tls import relay_context
from p2p.wire.web_place import WebPlace


@pytest.fixture(params=list(Backend), ids=lambda backend: backend.value)
def backend(request):
    if not works(request.param, socket.AF_INET):
        pytest.skip(f"{request.param.value} does not work on this machine")
    return request.param


class Star:
    """One socket with links to many others."""

    def __init__(self, hub, ends, fanout):
        self.hub = hub
        self.links = [here.link for here, _ in ends]
        self.peers = [there for _, there in ends]
        self.fanout = fanout

    @property
    def got(self):
        return [peer.frames for peer in self.peers]


async def star(bench, backend, count=3, hub=None):
    hub = hub or await bench.mux()
    ends = await asyncio.gather(*(bench.pair(a=hub) for _ in range(count)))
    return Star(hub, ends, FanOut(hub, backend))


async def test_a_frame_reaches_every_link_as_it_was(bench, backend):
    s = await star(bench, backend)
    frames = [b"x", b"frame" * 30, bytes(1200), b"y"]
    route = s.fanout.route(s.links)
    assert [route.send(frame) for frame in frames] == [3, 3, 3, 3]
    await bench.until(lambda: all(len(got) == 4 for got in s.got))
    assert s.got == [frames] * 3


async def test_one_frame_may_go_out_without_a_route(bench, backend):
    s = await star(bench, backend)
    assert s.fanout.send(b"frame", s.links[:2]) == 2
    assert s.fanout.send(b"nobody", []) == 0
    await bench.until(lambda: s.peers[0].frames and s.peers[1].frames)
    assert s.got == [[b"frame"], [b"frame"], []]


async def test_no_packet_number_is_used_twice_by_whoever_sends(bench, backend):
    s = await star(bench, backend, count=2)
    seen = []
    for peer in s.peers:
        receive = peer.link.media.take

        def note(data, address, arrival_s, receive=receive):
            seen.append((data[8:12], int.from_bytes(data[2:4], "big")))
            receive(data, address, arrival_s)

        peer.link.media.take = note
    speakers = [s.fanout.route(s.links), s.fanout.route(s.links[::-1])]
    for turn in range(20):
        speakers[turn % 2].send(b"room")
        s.links[0].media.send(b"alone")
        s.fanout.send(b"once", s.links)
    await bench.until(lambda: len(seen) == 100)
    assert len(set(seen)) == 100
    assert {ssrc: max(n for s, n in seen if s == ssrc) for ssrc, _ in seen} == {
        ssrc: sum(s == ssrc for s, _ in seen) for ssrc, _ in seen
    }
    assert sorted(Counter(ssrc for ssrc, _ in seen).values()) == [40, 60]
    assert [peer.link.counters["media_refused"] for peer in s.peers] == [0, 0]


async def test_numbers_pass_their_wrap(bench, backend):
    s = await star(bench, backend, count=1)
    packetizer = s.links[0].media._keys.packetizer
    packetizer.numbers = itertools.count(65_530 - (1 << 15))
    s.fanout.send(b"before", s.links)
    await bench.until(lambda: s.got[0])
    packetizer.numbers = itertools.count(65_530)
    route = s.fanout.route(s.links)
    for n in range(20):
        route.send(b"%d" % n)
    await bench.until(lambda: len(s.got[0]) == 21)
    assert s.got[0][1:] == [b"%d" % n for n in range(20)]


async def test_a_link_named_twice_gets_two_packets(bench, backend):
    s = await star(bench, backend, count=1)
    assert s.fanout.send(b"frame", s.links * 2) == 2
    await bench.until(lambda: len(s.got[0]) == 2)


async def test_more_links_than_a_batch_holds(bench, backend):
    s = await star(bench, backend, count=2)
    many = s.links * (SLOTS // 2 + 20)
    assert s.fanout.route(many).send(b"frame") == len(many)
    await bench.until(lambda: sum(map(len, s.got)) == len(many))
    assert {frame for got in s.got for frame in got} == {b"frame"}


async def test_links_that_are_not_up_or_were_closed_are_left_out(bench, backend):
    s = await star(bench, backend)
    new = bench.end(s.hub, controlling=True).link
    route = s.fanout.route([new, *s.links])
    assert route.send(b"first") == 3
    await s.links[1].close()
    sent = s.hub.counters["sent"]
    assert route.send(b"second") == 2
    assert s.hub.counters["sent"] == sent + 2
    await bench.until(lambda: len(s.got[0]) == len(s.got[2]) == 2)
    assert s.got[1] == [b"first"]


async def test_a_link_that_comes_up_joins_the_routes_it_is_in(bench, backend):
    s = await star(bench, backend, count=1)
    late, peer = bench.end(s.hub, controlling=True), bench.end(await bench.mux(), controlling=False)
    route = s.fanout.route([*s.links, late.link])
    assert route.send(b"first") == 1
    await bench.up(late, peer)
    assert route.send(b"second") == 2
    await bench.until(lambda: peer.frames == [b"second"])


async def test_a_peer_that_moves_is_followed(bench, backend):
    s = await star(bench, backend, count=2)
    route = s.fanout.route(s.links)
    route.send(b"first")
    await bench.until(lambda: all(s.got))
    before = s.links[0].remote_address
    moved = await bench.mux()
    peer = s.peers[0]
    # The peer's machine gets another address: the same link, another socket.
    old, peer.mux._transport = peer.mux._transport, moved._transport
    moved._received = peer.mux._received
    peer.link._ice.probe()
    await bench.until(lambda: s.links[0].remote_address != before)
    old.abort()
    assert s.links[0].remote_address == ("127.0.0.1", moved.local_port)
    assert route.send(b"second") == 2
    await bench.until(lambda: s.got == [[b"first", b"second"]] * 2)


async def test_a_peer_behind_a_stream_gets_its_copies_there(bench, backend):
    s = await star(bench, backend, count=2)
    route = s.fanout.route(s.links)
    assert route.send(b"by datagram") == 2
    hub_address = ("127.0.0.1", s.hub.local_port)
    assert await s.hub.streams.listen(hub_address, bytes(32), relay_context(None, None))
    peer, link = s.peers[0].mux, s.peers[0].link
    stream = await peer.streams.dialer.dial(WebPlace(*hub_address), bytes(32))
    assert stream is not None
    link.late_candidate(stream)
    await bench.until(lambda: link.by_stream and s.links[0].by_stream)
    received = peer.counters["media"]
    by_udp = []
    peer.datagram_received = lambda data, _addr: by_udp.append(data)
    assert route.send(b"by stream") == 2
    await bench.until(lambda: all(got[-1:] == [b"by stream"] for got in s.got))
    assert peer.counters["media"] == received + 1
    assert not [data for data in by_udp if data[0] == 0x80]
    del peer.datagram_received
    link.late_candidate(hub_address)
    await bench.until(lambda: not link.by_stream and not s.links[0].by_stream)
    assert route.send(b"by datagram again") == 2
    await bench.until(lambda: all(got[-1:] == [b"by datagram again"] for got in s.got))


async def test_sizes_are_counted_as_for_single_frames(bench, backend):
    s = await star(bench, backend)
    route = s.fanout.route(s.links)
    sent, out = s.hub.counters["sent"], s.hub.counters["bytes_out"]
    for _ in range(10):
        route.send(bytes(143))
    assert s.hub.media_sizes == {143 + 12 + 16: 30}
    assert s.hub.counters["sent"] - sent == 30
    assert s.hub.counters["bytes_out"] - out == 30 * (143 + 12 + 16)


async def test_sizes_that_cannot_be_sent_are_our_own_mistake(bench, backend):
    s = await star(bench, backend, count=1)
    for frame in (b"", bytes(1201)):
        with pytest.raises(LocalError):
            s.fanout.send(frame, s.links)
    assert next(s.links[0].media._keys.packetizer.numbers) == 0


async def test_after_the_socket_closed_nothing_is_sent(bench, backend):
    s = await star(bench, backend)
    route = s.fanout.route(s.links)
    assert route.send(b"frame") == 3
    sent = s.hub.counters["sent"]
    s.hub.close()
    route.send(b"frame")
    assert s.hub.counters["sent"] == sent
    assert s.hub.counters["no_way"] == 3


@pytest.fixture(params=[Backend.SENDMMSG, Backend.IN_PLACE], ids=lambda backend: backend.value)
def batched(request):
    if not works(request.param, socket.AF_INET):
        pytest.skip(f"{request.param.value} does not work on this machine")
    return request.param


async def test_an_address_that_the_kernel_refuses_is_skipped_and_counted(bench, batched):
    s = await star(bench, batched, count=4)
    # From a socket of the loopback no way leads out of the machine: EINVAL, every time.
    for number in (0, 2):
        pair = s.links[number]._ice._nominated[1]
        pair.remote_candidate._network_host = "192.0.2.1"
    route = s.fanout.route(s.links)
    assert [route.send(b"frame"), route.send(b"frame")] == [2, 2]
    await bench.until(lambda: len(s.got[1]) == len(s.got[3]) == 2)
    assert s.hub.counters["socket_errors"] == 4
    assert sum(s.hub.media_sizes.values()) == 4


async def test_what_the_socket_takes_not_now_waits_in_its_bounded_queue(bench, batched):
    s = await star(bench, batched, count=3)
    batch, real = s.fanout._batch, s.fanout._batch._call
    calls = []

    def full_after_one(fd, messages, count, flags):
        calls.append(count)
        if len(calls) == 1:
            return real(fd, messages, 1, flags)
        sendmmsg.ctypes.set_errno(errno.EAGAIN)
        return -1

    batch._call = full_after_one
    assert s.fanout.send(b"frame", s.links) == 3
    assert calls == [3, 2]
    await bench.until(lambda: all(s.got))
    assert s.got == [[b"frame"]] * 3
    assert sum(s.hub.media_sizes.values()) == 3


async def test_an_interrupted_call_is_repeated(bench, batched):
    s = await star(bench, batched, count=2)
    batch, real = s.fanout._batch, s.fanout._batch._call
    calls = []

    def interrupted(fd, messages, count, flags):
        calls.append(count)
        if len(calls) == 1:
            sendmmsg.ctypes.set_errno(errno.EINTR)
            return -1
        return real(fd, messages, count, flags)

    batch._call = interrupted
    assert s.fanout.send(b"frame", s.links) == 2
    await bench.until(lambda: all(s.got))
    assert s.hub.counters["socket_errors"] == 0


async def test_what_is_over_the_queue_is_counted_and_dropped(bench, batched, monkeypatch):
    s = await star(bench, batched, count=2)
    sent = s.hub.counters["sent"]

    def full(*_args):
        sendmmsg.ctypes.set_errno(errno.EAGAIN)
        return -1

    s.fanout._batch._call = full
    monkeypatch.setattr("p2p.link.mux.MAX_UNSENT_BYTES", -1)
    s.fanout.send(b"frame", s.links)
    assert s.hub.counters["send_dropped"] == 2
    assert s.hub.counters["sent"] == sent


@pytest.mark.parametrize("listen", [None, ("::1", 0)], ids=["dual", "ipv6"])
async def test_every_kind_of_socket_is_served(bench, backend, listen):
    hub = await bench.mux(listen)
    kinds = ["127.0.0.1", "::1"] if listen is None else ["::1"]
    ends = []
    for ip in kinds:
        here = bench.end(hub, controlling=True, host=ip)
        there = bench.end(await bench.mux((ip, 0)), controlling=False)
        await bench.up(here, there)
        ends.append((here, there))
    fanout = FanOut(hub, backend)
    assert fanout.send(b"frame", [here.link for here, _ in ends]) == len(kinds)
    await bench.until(lambda: all(there.frames == [b"frame"] for _, there in ends))


async def test_the_best_that_works_is_chosen(bench):
    mux = await bench.mux()
    assert FanOut(mux).backend is best_backend(socket.AF_INET)
