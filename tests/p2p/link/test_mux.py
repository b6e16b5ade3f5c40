import asyncio
import ctypes
import errno
import os
import socket
import sys
from types import SimpleNamespace

import pytest

from crypto.ids import DhKey
from crypto.veil import Veil
from p2p.errors import LocalError, RemoteError, UserError
from p2p.link import bind as bind_module
from p2p.link import mux as mux_module
from p2p.link.mux import PUT_OFF_MAX, Mux
from p2p.wire.addresses import normalise
from tests.p2p.link.conftest import VEIL, covered


def sealed(data: bytes) -> bytes:
    return VEIL.cover(data, os.urandom, first=False)


async def test_own_datagrams_arrive_with_their_sender(bench):
    a, b = await bench.mux(), await bench.mux()
    got = []
    b.on_datagram = lambda data, sender: got.append((data, sender))
    a.send(b"\xc0hello", ("127.0.0.1", b.local_port), VEIL)
    await bench.until(lambda: got)
    assert got == [(b"\xc0hello", ("127.0.0.1", a.local_port))]
    assert (b.counters["own"], a.counters["sent"]) == (1, 1)


async def test_a_dual_socket_names_both_kinds_of_senders_plainly(bench):
    dual, four, six = await bench.mux(None), await bench.mux(), await bench.mux(("::1", 0))
    got = []
    dual.on_datagram = lambda _data, sender: got.append(sender)
    four.send(b"\xc0", ("127.0.0.1", dual.local_port), VEIL)
    six.send(b"\xc0", ("::1", dual.local_port), VEIL)
    await bench.until(lambda: len(got) == 2)
    assert set(got) == {("127.0.0.1", four.local_port), ("::1", six.local_port)}
    assert dual.families == (6, 4)
    assert (four.families, six.families) == ((4,), (6,))
    assert dual.wildcard
    assert not four.wildcard


async def test_a_dual_socket_sends_to_both_kinds(bench):
    dual, four, six = await bench.mux(None), await bench.mux(), await bench.mux(("::1", 0))
    got = []
    for mux in (four, six):
        mux.on_datagram = lambda data, sender: got.append((data, sender))
    dual.send(b"\xc04", ("127.0.0.1", four.local_port), VEIL)
    dual.send(b"\xc06", ("::1", six.local_port), VEIL)
    await bench.until(lambda: len(got) == 2)
    sources = {b"\xc04": "127.0.0.1", b"\xc06": "::1"}
    assert dict(got) == {data: (ip, dual.local_port) for data, ip in sources.items()}
    assert dual.counters["socket_errors"] == 0


async def test_an_ipv6_socket_is_given_addresses_of_four_items_as_windows_wants_them(bench):
    dual, four = await bench.mux(None), await bench.mux()
    assert dual.target(("192.0.2.1", 9)) == ("::ffff:192.0.2.1", 9, 0, 0)
    assert dual.target(("2001:db8::1", 9)) == ("2001:db8::1", 9, 0, 0)
    assert four.target(("192.0.2.1", 9)) == ("192.0.2.1", 9)


@pytest.mark.skipif(sys.platform != "win32", reason="only the Proactor loop reads no more")
async def test_an_error_while_reading_is_counted_and_does_not_end_the_reading(bench):
    a, b = await bench.mux(), await bench.mux()
    got = []
    b.on_datagram = lambda data, _sender: got.append(data)
    for errors in (1, 2):
        await asyncio.sleep(0.02)  # a read is under way
        assert ctypes.WinDLL("kernel32").CancelIoEx(ctypes.c_void_p(b.raw_socket.fileno()), None)
        await bench.until(lambda errors=errors: b.counters["socket_errors"] == errors)
        a.send(b"\xc0after it", ("127.0.0.1", b.local_port), VEIL)
        await bench.until(lambda errors=errors: got == [b"\xc0after it"] * errors)


async def test_a_peer_that_is_gone_does_not_end_the_reading(bench):
    a, b, gone = await bench.mux(), await bench.mux(), await bench.mux()
    got = []
    b.on_datagram = lambda data, _sender: got.append(data)
    gone.close()
    for _ in range(3):
        b.send(b"\xc0", ("127.0.0.1", gone.local_port), VEIL)
        await asyncio.sleep(0.02)
    a.send(b"\xc0still here", ("127.0.0.1", b.local_port), VEIL)
    await bench.until(lambda: got == [b"\xc0still here"])


@pytest.mark.parametrize(
    ("data", "counted"),
    [
        (b"\x00" * 40, "stun_malformed"),
        (b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12), "stun_stranger"),
        (b"\x01\x01\x00\x00\x21\x12\xa4\x42" + bytes(12), "stun_stranger"),
        (b"\x16\xfe\xff" + bytes(20), "dtls_stranger"),
        (b"\x80\x6f" + bytes(40), "media_stranger"),
        (b"\x80\xc8" + bytes(40), "media_stranger"),
        (b"\x40" * 10, "unknown"),
        (b"\xc0" + bytes(511), "noise"),
        (b"\x80\x6f" + bytes(40), "noise"),
        pytest.param(
            *(b"", "bad_size"),
            marks=pytest.mark.skipif(sys.platform == "win32", reason="asyncio drops it there"),
        ),
        (b"\xc0" * 1501, "bad_size"),
        (b"\xc0" * 60_000, "bad_size"),
    ],
)
async def test_strangers_are_counted_and_get_no_answer(bench, data, counted):
    mux = await bench.mux()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        on_the_wire = data if counted in ("bad_size", "noise") else sealed(data)
        stranger.sendto(on_the_wire, ("127.0.0.1", mux.local_port))
        await bench.until(lambda: mux.counters[counted])
        assert mux.counters["sent"] == 0
        stranger.setblocking(False)
        with pytest.raises(BlockingIOError):
            stranger.recv(100)


async def test_what_is_covered_for_another_key_is_noise_and_gets_silence(bench):
    mux, noise = await bench.mux(), []
    mux.on_noise = lambda data, sender: noise.append((data, sender))
    other, sent = Veil(DhKey(b"\1" * 32)), []
    mux.on_datagram = lambda data, _sender: sent.append(data)
    for datagram in (b"\xc2" + os.urandom(511), b"\x00\x01" + bytes(18), b"\x16" + bytes(99)):
        data = other.cover(datagram, os.urandom, first=True)
        mux.datagram_received(data, ("192.0.2.1", 5))
        await asyncio.sleep(0)
        assert noise.pop() == (data, ("192.0.2.1", 5))
    mux.datagram_received(other.mask(b"\x80\x6f" + os.urandom(200)), ("192.0.2.1", 5))
    assert (sent, mux.counters["sent"], mux.counters["noise"]) == ([], 0, 4)


async def test_only_so_much_noise_waits(bench):
    mux, got = await bench.mux(), []
    mux.on_noise = lambda data, _sender: got.append(data)
    for _ in range(PUT_OFF_MAX + 5):
        mux.datagram_received(bytes(30), ("192.0.2.1", 5))
    await bench.until(lambda: len(got) == PUT_OFF_MAX)
    assert mux.counters["noise_dropped"] == 5


async def test_a_node_that_has_no_key_takes_datagrams_as_they_are():
    mux, got = await Mux.open(("127.0.0.1", 0)), []
    mux.on_datagram = lambda data, _sender: got.append(data)
    mux.datagram_received(b"\xc0", ("192.0.2.1", 5))
    await asyncio.sleep(0)
    mux.close()
    assert got == [b"\xc0"]


async def test_a_receiver_that_refuses_a_datagram_is_counted(bench):
    mux = await bench.mux()

    def refuse(_data, _sender):
        raise RemoteError("no")

    mux.on_datagram = refuse
    mux.datagram_received(covered(b"\xc0"), ("192.0.2.1", 5))
    await asyncio.sleep(0)
    assert mux.counters["refused"] == 1


async def test_sound_goes_before_handshakes_that_came_first(bench):
    mux, order = await bench.mux(), []
    mux.on_datagram = lambda data, _sender: order.append(data[0])
    mux.routes.of_ssrc = lambda _ssrc: SimpleNamespace(take=lambda *_: order.append("sound"))
    for _ in range(3):
        mux.datagram_received(covered(b"\xc0"), ("192.0.2.1", 5))
    mux.datagram_received(covered(b"\x80\x6f" + bytes(40)), ("192.0.2.1", 5))
    await asyncio.sleep(0)
    assert order == ["sound", 0xC0, 0xC0, 0xC0]


async def test_only_so_many_of_our_own_datagrams_wait(bench):
    mux, got = await bench.mux(), []
    mux.on_datagram = lambda data, _sender: got.append(data)
    for _ in range(PUT_OFF_MAX + 5):
        mux.datagram_received(covered(b"\xc0"), ("192.0.2.1", 5))
    await bench.until(lambda: len(got) == PUT_OFF_MAX)
    assert mux.counters["own_dropped"] == 5


@pytest.mark.parametrize("data", [b"", bytes(1501)])
async def test_a_datagram_nobody_can_send_is_our_own_mistake(bench, data):
    mux = await bench.mux()
    with pytest.raises(LocalError):
        mux.send(data, ("127.0.0.1", 9))


@pytest.mark.parametrize("address", [("localhost", 9), ("127.0.0.1", 0)])
async def test_what_is_sent_to_what_is_not_one_host_is_counted_and_lost(bench, address):
    mux = await bench.mux()
    mux.send(b"\xc0", address)
    mux.send(b"\xc0", address)
    assert (mux.counters["no_way"], mux.counters["sent"]) == (2, 0)


async def test_what_the_kernel_refuses_is_counted(bench):
    mux = await bench.mux()
    mux.send(b"\xc0", ("255.255.255.255", 9))
    assert mux.counters["socket_errors"] == 1


async def test_a_full_socket_loses_datagrams_instead_of_piling_them_up(bench, monkeypatch):
    mux = await bench.mux()
    monkeypatch.setattr(mux_module, "MAX_UNSENT_BYTES", -1)
    mux.send(b"\xc0", ("127.0.0.1", 9))
    assert mux.counters["send_dropped"] == 1


async def test_a_closed_socket_sends_nothing(bench):
    mux = await bench.mux()
    mux.close()
    mux.close()
    mux.send(b"\xc0", ("127.0.0.1", 9))
    assert mux.counters["no_way"] == 1
    await asyncio.sleep(0)


async def test_a_port_in_use_is_said_so(bench):
    mux = await bench.mux()
    with pytest.raises(UserError) as refused:
        await Mux.open(("127.0.0.1", mux.local_port))
    assert refused.value.code == "port_in_use"
    assert str(mux.local_port) in refused.value.message


@pytest.mark.parametrize(
    ("listen", "code"),
    [
        pytest.param(
            *(("192.0.2.77", 0), "cannot_listen"),
            marks=pytest.mark.skipif(sys.platform == "win32", reason="Wine binds to any address"),
        ),
        (("127.0.0.1", 70_000), "cannot_listen"),
        (("example.org", 0), "bad_listen"),
    ],
)
async def test_where_nobody_can_listen_is_said_so(listen, code):
    with pytest.raises(UserError) as refused:
        await Mux.open(listen)
    assert refused.value.code == code
    assert refused.value.hint


async def test_without_ipv6_there_is_a_plain_socket(bench, monkeypatch):
    bind = bind_module._bind

    def no_six(ip, port):
        if ip.version == 6:
            raise OSError(errno.EAFNOSUPPORT, "no IPv6")
        return bind(ip, port)

    monkeypatch.setattr(bind_module, "_bind", no_six)
    mux = await bench.mux(None)
    assert mux.families == (4,)


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        (("::ffff:192.0.2.1", 5, 0, 0), ("192.0.2.1", 5)),
        (("fe80::1%eth0", 5, 0, 2), ("fe80::1", 5)),
        (("2600::1", 5, 0, 0), ("2600::1", 5)),
        (("192.0.2.1", 5), ("192.0.2.1", 5)),
    ],
)
def test_an_address_has_one_form(raw, plain):
    assert normalise(raw) == plain


@pytest.mark.skipif(sys.platform == "win32", reason="the loop reads ahead by itself there")
async def test_datagrams_that_wait_are_taken_in_one_go_and_bounded(bench):
    mux = await bench.mux()
    turns, got = [0], []

    def count_turns():
        turns[0] += 1
        asyncio.get_running_loop().call_soon(count_turns)

    mux.on_datagram = lambda data, _sender: got.append((turns[0], data))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(100):
            sender.sendto(covered(b"\xc0%d" % number), ("127.0.0.1", mux.local_port))
        count_turns()
        await bench.until(lambda: len(got) == 100)
    assert [data for _, data in got] == [b"\xc0%d" % number for number in range(100)]
    in_one_go = [sum(turn == each for turn, _ in got) for each in {turn for turn, _ in got}]
    assert max(in_one_go) == mux_module.READ_ON_MAX + 1


async def test_a_socket_that_is_closed_while_it_is_read_is_read_no_more(bench):
    mux, got = await bench.mux(), []

    def take(data, _sender):
        got.append(data)
        mux.close()

    mux.on_datagram = take
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(3):
            sender.sendto(covered(b"\xc0"), ("127.0.0.1", mux.local_port))
        await bench.until(lambda: got)
        await asyncio.sleep(0.05)
    assert got == [b"\xc0"]


async def test_messages_of_links_that_are_up_do_not_wait_behind_handshakes(bench):
    mux, order = await bench.mux(), []
    up, new = (
        SimpleNamespace(
            standing=SimpleNamespace(established=established),
            on_dtls=lambda data, _address: order.append(data[0]),
        )
        for established in (True, False)
    )
    at = {("192.0.2.1", 5): up, ("192.0.2.2", 5): new}
    mux.routes.of_address = at.get
    for _ in range(PUT_OFF_MAX + 5):
        mux.datagram_received(covered(b"\x16"), ("192.0.2.2", 5))
    for _ in range(3):
        mux.datagram_received(covered(b"\x17"), ("192.0.2.1", 5))
    mux.datagram_received(covered(b"\x17"), ("192.0.2.2", 5))
    assert mux.counters["dtls_dropped"] == 6, "who is not up yet crowds out its like alone"
    await bench.until(lambda: len(order) > 10)
    assert order[:4].count(0x17) == 3
