import socket

import pytest

from p2p.link.sendmmsg import SLOT_BYTES, SLOTS, Batch, available, socket_address

pytestmark = pytest.mark.skipif(not available(), reason="this system has no sendmmsg")


@pytest.fixture
def ends():
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        for sock in (sender, receiver):
            sock.bind(("127.0.0.1", 0))
        receiver.settimeout(1.0)
        yield sender, receiver


def test_packets_of_different_lengths_leave_in_order(ends):
    sender, receiver = ends
    batch = Batch(sender)
    packets = [b"twelve bytes", b"a few more bytes", bytes(SLOT_BYTES)]
    for slot, packet in enumerate(packets):
        batch.put(slot, packet)
    batch.address(socket_address(socket.AF_INET, receiver.getsockname()) * 3)
    assert batch.flush(3) == (3, [])
    assert [receiver.recv(2048) for _ in packets] == packets
    assert [batch.packet(slot) for slot in range(3)] == packets
    assert batch.sizes(3) == [len(packet) for packet in packets]


def test_the_system_takes_as_many_as_there_are_slots(ends):
    sender, receiver = ends
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    batch = Batch(sender)
    batch.set_lengths(14)
    for slot in range(SLOTS):
        batch.packets[slot * SLOT_BYTES : slot * SLOT_BYTES + 2] = slot.to_bytes(2, "big")
    batch.address(socket_address(socket.AF_INET, receiver.getsockname()) * SLOTS)
    assert batch.flush(SLOTS) == (SLOTS, [])
    got = [int.from_bytes(receiver.recv(2048)[12:], "big") for _ in range(SLOTS)]
    assert got == list(range(SLOTS))


def test_one_length_for_all_is_set_again_and_again(ends):
    batch = Batch(ends[0])
    for length in (40, 40, 17, 40):
        batch.put(0, bytes(999))
        batch.set_lengths(length)
        assert batch.sizes(SLOTS) == [length] * SLOTS


def test_what_is_refused_is_skipped_wherever_it_stands(ends):
    sender, receiver = ends
    good = socket_address(socket.AF_INET, receiver.getsockname())
    bad = socket_address(socket.AF_INET, ("192.0.2.1", 9))  # no way there from the loopback
    batch = Batch(sender)
    for slot in range(5):
        batch.put(slot, b"packet number %d" % slot)
    batch.address(bad + good + bad + good + bad)
    assert batch.flush(5) == (5, [0, 2, 4])
    assert [receiver.recv(99)[-1:], receiver.recv(99)[-1:]] == [b"1", b"3"]


def test_addresses_are_as_the_kernel_has_them():
    four = socket_address(socket.AF_INET, ("192.0.2.1", 0x1234))
    assert four[2:] == b"\x12\x34\xc0\x00\x02\x01" + bytes(8)
    six = socket_address(socket.AF_INET6, ("::ffff:192.0.2.1", 1))
    assert six[2:] == b"\x00\x01" + bytes(14) + b"\xff\xff\xc0\x00\x02\x01" + bytes(4)
    for family, target in [(socket.AF_INET, ("::1", 1)), (socket.AF_INET6, ("example", 1))]:
        with pytest.raises(OSError, match="illegal IP"):
            socket_address(family, target)
