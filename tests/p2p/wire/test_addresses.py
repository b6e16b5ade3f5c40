import pytest

from p2p.wire.addresses import Scope, family_of, known_scope, normalise, scope_of


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


def test_an_address_that_is_known_to_be_one_has_a_scope_for_sure():
    assert known_scope("192.168.0.1") is Scope.PRIVATE
    for ip in ("localhost", "224.0.0.1", "0.0.0.0"):
        with pytest.raises(ValueError, match="not the address"):
            known_scope(ip)


def test_addresses_of_sockets_come_to_one_form():
    assert normalise(("::ffff:11.0.0.1", 5)) == ("11.0.0.1", 5)
    assert normalise(("::ffff:b00:1", 5)) == ("11.0.0.1", 5)
    assert normalise(("fe80::1%eth0", 5)) == ("fe80::1", 5)
    assert normalise(("::ffff:nonsense", 5)) == ("::ffff:nonsense", 5)


def test_families_are_told_by_the_address():
    assert (family_of(("11.0.0.1", 1)), family_of(("2600:1::1", 1))) == (4, 6)
