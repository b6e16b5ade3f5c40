"""The kernel's share in a flood, and how the share is found."""

import os
import socket
import sys

import pytest

from crypto.ids import DhKey
from crypto.veil import Veil
from p2p.link.flood_filter import LEAST, Gauge, let_in, queue_fill

VEIL = Veil(DhKey(bytes(32)))
QUESTION = b"\xc2" + os.urandom(16) + bytes(16) + os.urandom(479)
HELLO = VEIL.cover(QUESTION, os.urandom, first=True)
PROVEN = VEIL.cover(QUESTION[:17] + os.urandom(16) + QUESTION[33:], os.urandom, first=True)
MEDIA = VEIL.mask(b"\x80" + os.urandom(200))
LONG = VEIL.cover(b"\x16" + os.urandom(700), os.urandom, first=False)


@pytest.fixture
def pair():
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        one.bind(("127.0.0.1", 0))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        one.setblocking(False)
        yield one, lambda data: other.sendto(data, one.getsockname())


def got(sock: socket.socket) -> list[bytes]:
    found = []
    try:
        while True:
            found.append(sock.recv(2048))
    except BlockingIOError:
        return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a filter of Linux")
def test_only_a_share_of_hellos_without_a_cookie_gets_in(pair) -> None:
    sock, send = pair
    assert let_in(sock, 0.25)
    found = []
    for _ in range(200):
        for data in (HELLO, PROVEN, MEDIA, LONG):
            send(data)
        found += got(sock)
    assert found.count(PROVEN) == found.count(MEDIA) == found.count(LONG) == 200
    assert 15 <= found.count(HELLO) <= 95
    assert let_in(sock, 1.0)
    send(HELLO)
    assert got(sock) == [HELLO]
    assert let_in(sock, 1.0)


def test_elsewhere_nothing_happens(pair, monkeypatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    sock, send = pair
    assert not let_in(sock, 0.0)
    send(HELLO)
    assert got(sock) == [HELLO]


def test_a_socket_that_takes_no_filter_is_left_as_it_is() -> None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.close()
    assert not let_in(sock, 0.5)


def test_the_share_follows_the_queue_and_ends_with_the_flood() -> None:
    gauge = Gauge()
    assert not gauge.came(10, 1.0, 0.9)  # a full queue, but not of HELLOs
    assert not gauge.came(10_000, 1.0, 0.001)  # a machine that can take them
    assert gauge.came(10_000, 1.0, 0.5)
    assert gauge.share == 0.25
    assert not gauge.came(2_500, 1.0, 0.03)
    assert gauge.came(2_500, 1.0, 0.0)
    assert 0.25 < gauge.share < 0.5
    for _ in range(20):
        gauge.came(2_500, 1.0, 0.5)
    assert gauge.share == LEAST
    assert gauge.came(0, 1.0, 0.0)
    assert gauge.share == 1.0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="told by Linux")
def test_the_queue_fills_and_empties(pair, monkeypatch) -> None:
    sock, send = pair
    assert queue_fill(sock) == 0.0
    for _ in range(100):
        send(HELLO)
    assert 0.01 < queue_fill(sock) <= 1.0
    got(sock)
    assert queue_fill(sock) < 0.01
    monkeypatch.setattr(sys, "platform", "darwin")
    send(HELLO)
    assert queue_fill(sock) == 0.0


def test_a_closed_socket_has_an_empty_queue() -> None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.close()
    assert queue_fill(sock) == 0.0
