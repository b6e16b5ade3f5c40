"""Where a socket can send to."""

import socket

import pytest

from p2p.link import targets as targets_module
from p2p.link.targets import Targets

NOT_ONE_HOST = [
    ("localhost", 9),
    ("", 9),
    ("224.0.0.1", 9),
    ("ff02::1", 9),
    ("0.0.0.0", 9),
    ("::", 9),
    ("127.0.0.1", 0),
    ("127.0.0.1", 65536),
    ("127.0.0.1", -1),
]


@pytest.fixture
def four():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        yield sock


@pytest.fixture
def six():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        yield sock


def test_a_plain_socket_sends_to_ipv4_alone(four):
    targets = Targets(four)
    assert targets.families == (4,)
    assert targets["192.0.2.1", 5] == ("192.0.2.1", 5)
    assert targets["2600::1", 5] is None


def test_an_ipv6_socket_sends_to_ipv6_alone(six):
    six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    targets = Targets(six)
    assert targets.families == (6,)
    assert targets["2600:0::1", 5] == ("2600::1", 5, 0, 0)
    assert targets["192.0.2.1", 5] is None


def test_a_socket_of_both_versions_names_ipv4_in_the_form_of_ipv6(six):
    six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    targets = Targets(six)
    assert targets.families == (6, 4)
    assert targets["192.0.2.1", 5] == ("::ffff:192.0.2.1", 5, 0, 0)
    assert targets["2600::1", 5] == ("2600::1", 5, 0, 0)


@pytest.mark.parametrize("address", NOT_ONE_HOST)
def test_there_is_no_way_to_what_is_not_one_host(four, address):
    assert Targets(four)[address] is None


def test_without_udp_there_is_no_way_to_anywhere(four):
    targets = Targets(four, by_udp=False)
    assert targets["127.0.0.1", 5] is None
    assert targets.families == (4,)


def test_what_was_asked_for_is_known_and_what_is_known_is_bounded(four, monkeypatch):
    monkeypatch.setattr(targets_module, "KNOWN_MAX", 3)
    targets = Targets(four)
    for port in range(1, 9):
        assert targets["127.0.0.1", port] == ("127.0.0.1", port)
        assert ("127.0.0.1", port) in targets
        assert len(targets) <= 3
