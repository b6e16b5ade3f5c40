import pytest

from crypto.errors import RemoteError
from p2p.dht.addresses import may_hand, neighbourhood, pack_ip, plausible_port, unpack_ip


def test_a_contact_passes_only_to_an_equal_or_narrower_scope():
    loopback, private, public = "127.0.0.1", "10.0.0.1", "11.0.0.1"
    assert may_hand(public, public)
    assert may_hand(public, private)
    assert may_hand(private, loopback)
    assert not may_hand(private, public)
    assert not may_hand(loopback, private)
    assert not may_hand("0.0.0.0", loopback)
    assert not may_hand(public, "nowhere")


def test_ports_of_known_services_are_not_believed():
    tried = (-1, 0, 53, 80, 443, 1023, 1024, 65535, 65536)
    assert list(filter(plausible_port, tried)) == [443, 1024, 65535]


def test_a_neighbourhood_is_what_one_owner_usually_has():
    assert neighbourhood("11.0.1.2") == neighbourhood("11.0.1.200") != neighbourhood("11.0.2.2")
    assert neighbourhood("2600:1:2::a") == neighbourhood("2600:1:2:ff::b")
    assert neighbourhood("2600:1:2::a") != neighbourhood("2600:1:3::a")
    assert neighbourhood("192.168.0.1") is neighbourhood("127.0.0.1") is None


def test_packed_addresses_read_back_and_bad_ones_are_refused():
    for ip in ("11.0.1.2", "2600:1::a"):
        assert unpack_ip(pack_ip(ip)) == ip
    for packed in (b"", b"12345", bytes(4), bytes(16), b"\xe0\0\0\1", bytes(10) + b"\xff\xff1234"):
        with pytest.raises(RemoteError):
            unpack_ip(packed)
