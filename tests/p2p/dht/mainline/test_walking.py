"""What a node may name to us; the walks themselves are tried in test_client."""

import pytest

from p2p.dht.mainline.krpc import Answer, Node
from p2p.dht.mainline.walking import named_in

PUBLIC, PRIVATE, LOOPBACK = ("11.0.7.1", 6881), ("192.168.1.7", 6881), ("127.0.0.7", 6881)


def named(source, *addresses):
    nodes = tuple(Node(b"n" * 20, address) for address in addresses)
    found = named_in(Answer(b"tttt", b"i" * 20, nodes, b"", None, None), source)
    return [node.address for node in found]


def test_who_is_far_away_can_not_make_us_write_to_our_home_or_our_own_machine():
    assert named(("11.0.0.1", 6881), PUBLIC, PRIVATE, LOOPBACK) == [PUBLIC]


def test_at_home_neighbours_may_be_named_and_on_this_machine_all():
    assert named(("192.168.1.1", 6881), PUBLIC, PRIVATE, LOOPBACK) == [PUBLIC, PRIVATE]
    assert named(("127.0.0.1", 6881), PUBLIC, PRIVATE, LOOPBACK) == [PUBLIC, PRIVATE, LOOPBACK]


@pytest.mark.parametrize(("port", "may"), [(53, False), (443, True), (1023, False), (1024, True)])
def test_nobody_can_make_a_crowd_of_us_ask_somebodys_name_server(port, may):
    assert named(("11.0.0.1", 6881), ("11.0.7.1", port)) == [("11.0.7.1", port)] * may
