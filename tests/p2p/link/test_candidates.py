import socket

import pytest

from p2p.link.candidates import (
    believable,
    candidates_for,
    host_address_towards,
    own_address_towards,
    path_name,
)
from p2p.wire.offers import Candidate, CandidateKind

LOOP, LAN, CARRIER = ("127.0.0.1", 1), ("192.168.1.5", 2), ("100.64.0.9", 3)
PUBLIC, PUBLIC_SIX = ("11.0.0.1", 4), ("2600:1::1", 5)
FAR, NEAR = ("11.0.9.9", 7), ("192.168.1.9", 7)


def addresses(candidates):
    return [candidate.address for candidate in candidates]


def test_a_far_peer_hears_of_public_addresses_only():
    found = candidates_for(FAR, [LOOP, LAN, CARRIER, PUBLIC_SIX], [PUBLIC])
    assert addresses(found) == [PUBLIC_SIX, PUBLIC]
    assert [c.kind for c in found] == [CandidateKind.HOST, CandidateKind.SRFLX]
    assert addresses(candidates_for(None, [LAN, PUBLIC_SIX], [PUBLIC])) == [PUBLIC_SIX, PUBLIC]


def test_a_neighbour_hears_of_the_lan_and_this_machine_of_loopback():
    assert addresses(candidates_for(NEAR, [LOOP, LAN], [])) == [LAN]
    assert addresses(candidates_for(LOOP, [LOOP, LAN], [PUBLIC])) == [LOOP, LAN, PUBLIC]


def test_a_peer_behind_the_same_public_address_is_of_the_same_home():
    peer = (PUBLIC[0], 999)
    assert addresses(candidates_for(peer, [LOOP, LAN], [PUBLIC])) == [LAN, PUBLIC]


def test_each_address_is_said_once_and_eight_at_most():
    many = [("11.0.0.1", port) for port in range(1, 20)]
    found = candidates_for(FAR, many, many)
    assert addresses(found) == many[:8]


def named(*them):
    return [Candidate.of(address, CandidateKind.HOST) for address in them]


def test_a_far_peer_may_not_name_our_own_home():
    offered = named(LOOP, LAN, CARRIER, PUBLIC)
    assert addresses(believable(offered, FAR)) == [PUBLIC]
    assert addresses(believable(offered, None)) == [PUBLIC]
    assert addresses(believable(offered, NEAR)) == [LAN, CARRIER, PUBLIC]
    assert addresses(believable(offered, LOOP)) == [LOOP, LAN, CARRIER, PUBLIC]


def test_a_peer_of_the_same_home_may():
    assert addresses(believable(named(LOOP, LAN), FAR, [(FAR[0], 1)])) == [LAN]
    assert addresses(believable(named(LAN, PUBLIC), None, [(PUBLIC[0], 9)])) == [LAN, PUBLIC]


def test_an_address_named_twice_is_tried_once():
    assert addresses(believable(named(PUBLIC, PUBLIC), FAR)) == [PUBLIC]


def test_a_path_has_a_name():
    assert [path_name(ip) for ip in ("::1", "10.0.0.1", "2600:1::1", "11.0.0.1")] == [
        "loopback",
        "lan",
        "ipv6",
        "direct",
    ]


def test_the_kernel_knows_our_address_without_a_datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.bind(("127.0.0.1", 0))
        assert own_address_towards(there.getsockname()) == "127.0.0.1"
        there.setblocking(False)
        with pytest.raises(BlockingIOError):
            there.recv(1)


def test_where_there_is_no_way_there_is_no_address():
    assert own_address_towards(("255.255.255.255", 9)) is None


def test_a_name_is_never_looked_up():
    with pytest.raises(ValueError, match="localhost"):
        own_address_towards(("localhost", 9))


async def test_the_bound_address_is_ours_and_a_wildcard_asks_the_kernel(bench):
    bound = await bench.mux()
    assert host_address_towards(bound, LOOP) == ("127.0.0.1", bound.local_port)
    assert host_address_towards(bound, ("::1", 1)) is None
    wild = await bench.mux(None)
    assert host_address_towards(wild, LOOP) == ("127.0.0.1", wild.local_port)
