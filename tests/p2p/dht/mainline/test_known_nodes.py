"""The nodes that have answered in this run."""

from p2p.dht.mainline.known_nodes import NODES_MAX, KnownNodes, Silence
from p2p.dht.mainline.krpc import Node
from p2p.dht.mainline.lookup import PER_NEIGHBOURHOOD


def node(n, host=1):
    return Node(n.to_bytes(20, "big"), (f"11.{n >> 8}.{n & 255}.{host}", 6881))


def test_the_closest_come_first_and_of_the_family_that_is_wanted():
    known = KnownNodes()
    for n in (9, 2, 5):
        known.answered(node(n))
    six = Node(bytes(20), ("2600:1:2::3", 6881))
    known.answered(six)
    assert known.closest(bytes(20), 4, 2) == [node(2), node(5)]
    assert known.closest(bytes(20), 6, 2) == [six]


def test_who_is_silent_is_forgotten_and_makes_room():
    known = KnownNodes()
    for host in range(1, 9):
        known.answered(node(3, host))
    assert len(known) == PER_NEIGHBOURHOOD
    known.silent(node(3, 1).address)
    known.silent(("11.9.9.9", 1))
    known.answered(node(3, 7))
    assert known.closest(bytes(20), 4, 9) == [node(3, 2), node(3, 7)]


def test_an_id_follows_what_its_owner_says():
    known = KnownNodes()
    known.answered(node(3))
    known.answered(Node(b"x" * 20, node(3).address))
    assert known.closest(bytes(20), 4, 9) == [Node(b"x" * 20, node(3).address)]


def test_it_never_grows_beyond_its_bound():
    known = KnownNodes()
    for n in range(NODES_MAX + 50):
        known.answered(node(n))
    assert len(known) == NODES_MAX
    assert known.closest(bytes(20), 4, 1) == [node(50)]


def test_at_home_all_may_be_neighbours():
    known = KnownNodes()
    for port in range(20):
        known.answered(Node(bytes(20), ("127.0.0.1", 6881 + port)))
    assert len(known) == 20


def test_while_nobody_answers_nobody_is_forgotten():
    known = KnownNodes()
    for n in range(3):
        known.answered(node(n))
    silence = Silence(known)
    silence.of(node(0).address)
    silence.of(node(1).address)
    assert len(known) == 3
    silence.broken()
    assert known.closest(bytes(20), 4, 9) == [node(2)]
    silence.of(node(2).address)
    silence.broken()
    assert len(known) == 0
