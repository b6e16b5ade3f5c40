from crypto.cookie import MAC2_AT, NO_MAC2
from p2p.relay.strangers import LOOK_EVERY, Strangers

HELLO = bytes(MAC2_AT) + NO_MAC2 + bytes(8)
WITH_COOKIE = bytes(MAC2_AT) + b"\x01" * len(NO_MAC2) + bytes(8)


class Socket:
    """A queue that is as full as is said, and what was asked of the kernel."""

    def __init__(self, queue_fill):
        self.queue_fill = queue_fill
        self.shares = []

    def let_hellos_in(self, share):
        self.shares.append(share)


def test_a_flood_that_fills_the_queue_is_let_in_by_a_quarter_and_all_of_it_when_it_is_over():
    socket = Socket(queue_fill=0.5)
    strangers = Strangers(socket, 100.0)
    for _ in range(LOOK_EVERY - 1):
        strangers.came(HELLO)
    strangers.look(100.1)
    assert socket.shares == [0.25]
    strangers.look(101.1)
    assert socket.shares == [0.25, 1.0]


def test_the_queue_is_looked_at_after_so_many_without_waiting_for_a_beat(monkeypatch):
    socket = Socket(queue_fill=0.5)
    monkeypatch.setattr("p2p.relay.strangers.time.monotonic", lambda: 100.1)
    strangers = Strangers(socket, 100.0)
    for _ in range(LOOK_EVERY):
        strangers.came(HELLO)
    assert socket.shares == [0.25]


def test_those_with_a_cookie_are_no_flood_nor_are_many_while_the_queue_is_empty():
    socket = Socket(queue_fill=0.5)
    strangers = Strangers(socket, 100.0)
    for _ in range(10 * LOOK_EVERY):
        strangers.came(WITH_COOKIE)
    strangers.look(100.1)
    socket.queue_fill = 0.0
    for _ in range(LOOK_EVERY - 1):
        strangers.came(HELLO)
    strangers.look(100.2)
    assert socket.shares == []
