import pytest

from crypto.errors import RemoteError
from p2p.dht.addresses import (
    Scope,
    may_hand,
    neighbourhood,
    normalise,
    pack_ip,
    plausible_port,
    scope_of,
    unpack_ip,
)


@pytest.mark.parametrize(
    ("ip", "scope"),
    [
        ("127.0.0.1", Scope.LOOPBACK),
        ("127.9.9.9", Scope.LOOPBACK),
        ("::1", Scope.LOOPBACK),
        ("10.1.2.3", Scope.PRIVATE),
        ("172.31.0.1", Scope.PRIVATE),
        ("192.168.0.1", Scope.PRIVATE),
        ("169.254.1.1", Scope.PRIVATE),
        ("100.64.0.1", Scope.PRIVATE),
        ("fe80::1", Scope.PRIVATE),
        ("fd00::1", Scope.PRIVATE),
        ("11.0.1.2", Scope.GLOBAL),
        ("203.0.113.7", Scope.GLOBAL),
        ("2600:1::a", Scope.GLOBAL),
        ("0.0.0.0", None),
        ("0.1.2.3", None),
        ("224.0.0.1", None),
        ("240.0.0.1", None),
        ("255.255.255.255", None),
        ("::", None),
        ("ff02::1", None),
        ("::ffff:11.0.0.1", None),
        ("relay.example.org", None),
        ("", None),
    ],
)
def test_every_address_has_the_scope_it_reaches(ip, scope):
    assert scope_of(ip) is scope


def test_a_contact_passes_only_to_an_equal_or_narrower_scope():
    loopback, private, public = "127.0.0.1", "10.0.0.1", "11.0.0.1"
    assert may_hand(public, public)
    assert may_hand(public, private)
    assert may_hand(private, loopback)
    assert not may_hand(private, public)
    assert not may_hand(loopback, private)
    assert not may_hand("0.0.0.0", loopback)
    assert not may_hand(public, "nowhere")


def test_addresses_of_sockets_come_to_one_form():
    assert normalise(("::ffff:11.0.0.1", 5)) == ("11.0.0.1", 5)
    assert normalise(("::ffff:b00:1", 5)) == ("11.0.0.1", 5)
    assert normalise(("fe80::1%eth0", 5)) == ("fe80::1", 5)
    assert normalise(("::ffff:nonsense", 5)) == ("::ffff:nonsense", 5)


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
