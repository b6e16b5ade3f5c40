"""Walks through simulated networks in virtual time: dead nodes, liars, floods of forged names."""

import heapq
import random

import pytest

from p2p.dht.mainline.krpc import Node
from p2p.dht.mainline.lookup import (
    ALPHA,
    BELIEVED,
    MAX_CANDIDATES,
    MAX_QUERIES,
    PER_NEIGHBOURHOOD,
    K,
    LookUp,
)
from p2p.dht.mainline.node_ids import fits, make_id

TARGET = bytes(range(100, 120))
RTT_S = 0.1
SILENCE_S = 1.0


def distance(node_id, target=TARGET):
    return int.from_bytes(node_id, "big") ^ int.from_bytes(target, "big")


class Network:
    """Nodes with tables as those of Kademlia: 8 of each distance."""

    def __init__(self, count, seed=1, fitting=1.0):
        self.random = random.Random(seed)
        self.dead = set()
        self.liars = {}
        self.nodes = []
        for n in range(count):
            ip = f"11.{n >> 8}.{n & 255}.{self.random.randrange(1, 255)}"
            rng = self.random.randbytes
            node_id = make_id(ip, rng) if self.random.random() < fitting else rng(20)
            self.nodes.append(Node(node_id, (ip, 6881)))
        self.of = {node.address: node for node in self.nodes}
        self.tables = {node.address: self._table(node) for node in self.nodes}

    def _table(self, node):
        buckets = {}
        for other in self.random.sample(self.nodes, len(self.nodes)):
            if other is not node:
                bucket = buckets.setdefault(distance(other.id, node.id).bit_length(), [])
                if len(bucket) < 8:
                    bucket.append(other)
        return [each for bucket in buckets.values() for each in bucket]

    def answer(self, address):
        """The id and the nodes that a node tells; None: it is silent."""
        if address in self.liars:
            return self.liars[address]
        if address not in self.of or address in self.dead:
            return None
        near = sorted(self.tables[address], key=lambda each: distance(each.id))[:8]
        return self.of[address].id, near

    def best(self, count=K):
        out = self.dead | set(self.liars)
        alive = [each for each in self.nodes if each.address not in out]
        return sorted(alive, key=lambda each: distance(each.id))[:count]


def walk(network, lookup, limit_s=60.0):
    """Runs a walk; returns when it ended and whom it asked, in order."""
    now, coming, asked, number = 0.0, [], [], 0
    while not lookup.done(now):
        for address in lookup.to_ask(now):
            asked.append(address)
            answer = network.answer(address)
            number += 1
            at_s = now + (SILENCE_S if answer is None else RTT_S)
            heapq.heappush(coming, (at_s, number, address, answer))
        timer_s = lookup.next_timer(now)
        if coming and coming[0][0] <= timer_s:
            now, _, address, answer = heapq.heappop(coming)
            if answer is None:
                lookup.on_silence(address)
            else:
                lookup.on_answer(address, *answer, now)
        else:
            now = max(now, timer_s) + 1e-9
        assert now < limit_s
    return now, asked


def begin(network, entries=4):
    """From nodes that are far away, as entry points are."""
    far = sorted(network.nodes, key=lambda each: -distance(each.id))[: len(network.nodes) // 2]
    addresses = [each.address for each in network.random.sample(far, entries)]
    return LookUp(TARGET, [], addresses, 0.0)


@pytest.mark.parametrize("seed", range(5))
def test_the_closest_nodes_are_found_from_entry_points_alone(seed):
    network = Network(400, seed)
    lookup = begin(network)
    ended_s, asked = walk(network, lookup)
    assert lookup.closest() == network.best()
    assert ended_s <= 10 * RTT_S
    assert len(asked) == len(set(asked)) == lookup.queries < MAX_QUERIES


@pytest.mark.parametrize("seed", range(5))
def test_with_a_third_of_all_nodes_dead_the_closest_are_still_found(seed):
    network = Network(400, seed)
    network.dead = {each.address for each in network.random.sample(network.nodes, 130)}
    lookup = begin(network, 8)
    ended_s, _ = walk(network, lookup)
    found = set(lookup.closest())
    assert len(found & set(network.best())) >= K - 2
    assert ended_s < 4.0


def test_nodes_that_are_known_are_a_start():
    network = Network(100)
    lookup = LookUp(TARGET, network.nodes[:8], [], 0.0)
    assert walk(network, lookup)[0] < 1.0
    assert lookup.closest() == network.best()


def test_an_entry_point_leads_and_is_no_place_to_keep_anything():
    entry, other = ("11.0.0.1", 6881), Node(bytes(20), ("11.0.1.1", 6881))
    lookup = LookUp(TARGET, [other], [entry, other.address], 0.0)
    assert set(lookup.to_ask(0.0)) == {entry, other.address}
    further = Node(b"f" * 20, ("11.0.2.1", 6881))
    lookup.on_answer(entry, TARGET, [further], 0.1)
    assert lookup.to_ask(0.1) == [further.address]
    lookup.on_answer(further.address, further.id, [], 0.2)
    assert lookup.closest() == [further]
    assert lookup.only_leads(entry)
    assert not lookup.only_leads(further.address)
    assert not lookup.only_leads(("11.9.9.9", 1))


def test_nobody_to_ask_is_the_end():
    lookup = LookUp(TARGET, [], [], 5.0)
    assert lookup.to_ask(5.0) == []
    assert lookup.done(5.0)
    assert lookup.next_timer(5.0) == lookup.ends_s == 11.0


def test_when_time_is_up_it_is_over_whatever_is_under_way():
    network = Network(50)
    lookup = begin(network)
    assert lookup.to_ask(0.0)
    assert not lookup.done(1.0)
    assert lookup.done(6.0)
    assert lookup.to_ask(6.0) == []


def test_at_first_few_are_asked_at_once():
    network = Network(50)
    lookup = begin(network, 20)
    assert len(lookup.to_ask(0.0)) == ALPHA
    assert lookup.to_ask(0.0) == []
    lookup.on_silence(network.nodes[0].address)  # not asked: changes nothing, whoever it is


def test_a_node_that_hesitates_gives_its_turn_to_another_and_may_still_answer():
    network = Network(50)
    lookup = begin(network, 20)
    slow = lookup.to_ask(0.0)
    assert lookup.next_timer(0.0) == pytest.approx(0.3)
    others = lookup.to_ask(0.31)
    assert others
    assert not set(others) & set(slow)
    node_id, named = network.answer(slow[0])
    lookup.on_answer(slow[0], node_id, named, 0.9)
    lookup.on_silence(slow[0])  # too late: it has answered
    assert set(lookup.to_ask(2.0)) & {each.address for each in named}


def test_in_a_tiny_network_one_lost_question_is_asked_again():
    node = Node(bytes(20), ("11.0.0.1", 6881))
    lookup = LookUp(TARGET, [node], [], 0.0)
    assert lookup.to_ask(0.0) == [node.address]
    lookup.on_silence(node.address)
    assert not lookup.done(1.0)
    assert lookup.to_ask(1.0) == [node.address]
    lookup.on_answer(node.address, node.id, [], 1.1)
    assert lookup.done(1.1)
    assert lookup.closest() == [node]


def test_a_question_that_hangs_is_asked_again_beside_it():
    node = Node(bytes(20), ("11.0.0.1", 6881))
    lookup = LookUp(TARGET, [node], [], 0.0)
    assert lookup.to_ask(0.0) == [node.address]
    assert lookup.to_ask(0.5) == [node.address]
    lookup.on_silence(node.address)
    assert not lookup.done(0.6)  # the second one is under way
    assert lookup.to_ask(2.5) == [node.address]  # and stalled
    lookup.on_silence(node.address)
    lookup.on_silence(node.address)
    assert lookup.done(9.0)


def test_an_answer_of_somebody_who_was_not_asked_changes_nothing():
    network = Network(50)
    lookup = begin(network)
    stranger = ("11.200.0.1", 1)
    lookup.on_answer(stranger, bytes(20), network.nodes[:8], 0.0)
    lookup.on_answer(network.nodes[0].address, bytes(20), network.nodes[:8], 0.0)
    assert lookup.closest() == []


def test_an_id_counts_only_when_its_owner_has_told_it():
    near = TARGET[:-1] + b"\x00"
    liar, honest = ("11.0.0.1", 6881), ("11.0.1.1", 6881)
    lookup = LookUp(TARGET, [Node(bytes(20), liar)], [], 0.0)
    lookup.to_ask(0.0)
    lookup.on_answer(liar, bytes(20), [Node(near, honest)], 0.1)
    assert lookup.to_ask(0.1) == [honest]
    lookup.on_answer(honest, b"\xff" * 20, [], 0.2)
    assert Node(b"\xff" * 20, honest) in lookup.closest()
    assert all(each.id != near for each in lookup.closest())


def test_who_is_named_with_a_far_id_by_one_and_with_a_near_one_by_another_is_asked_as_near():
    near = make_near("11.0.9.1")
    first, second, honest = ("11.0.0.1", 1), ("11.0.1.1", 1), ("11.0.9.1", 6881)
    crowd = [
        Node(bytes((0x80 ^ TARGET[0],)) + bytes((n,)) * 19, (f"11.1.{n}.1", 1)) for n in range(40)
    ]
    lookup = LookUp(TARGET, crowd, [first, second], 0.0)
    lookup._consider(Node(bytes(b ^ 0xFF for b in TARGET), honest), first)
    assert honest not in lookup.to_ask(0.0)
    lookup._consider(Node(near, honest), second)
    assert honest in lookup.to_ask(0.4)


def make_near(ip):
    """An id as near as its address lets it be."""
    ids = (
        make_id(ip, lambda count, n=n: (TARGET * 2)[: count - 1] + bytes((n,))) for n in range(8)
    )
    return min(ids, key=distance)


def test_forged_nodes_do_not_keep_the_honest_out_of_their_half():
    network = Network(400, 3)
    forged = [Node(TARGET[:18] + bytes((n, 7)), (f"12.{n}.0.1", 6881)) for n in range(200)]
    assert sum(fits(each.id, each.address[0]) for each in forged) <= 1
    for node in forged:
        near = network.random.sample(forged, 8)
        network.liars[node.address] = (node.id, near)
    for node in network.random.sample(network.nodes, 60):
        network.liars[node.address] = (node.id, network.random.sample(forged, 8))
    lookup = begin(network, 8)
    walk(network, lookup)
    found = lookup.closest()
    assert len(found) <= 2 * K
    assert len(set(found) & set(network.best())) >= K - 2


def test_one_net_has_two_places_at_most_and_no_more_than_its_share_of_questions():
    network = Network(200, 4)
    crowd = [Node(TARGET[:19] + bytes((n,)), (f"12.0.0.{n + 1}", 6881)) for n in range(100)]
    for node in crowd:
        network.liars[node.address] = (node.id, network.random.sample(crowd, 8))
    for node in network.nodes[:40]:
        network.liars[node.address] = (node.id, network.random.sample(crowd, 8))
    lookup = begin(network, 8)
    _, asked = walk(network, lookup)
    assert sum(ip.startswith("12.") for ip, _ in asked) == PER_NEIGHBOURHOOD
    assert sum(each.address[0].startswith("12.") for each in lookup.closest()) <= PER_NEIGHBOURHOOD


def test_dead_names_in_the_net_of_an_honest_node_do_not_take_its_place():
    liar, honest = ("12.0.0.1", 1), Node(make_near("11.0.9.1"), ("11.0.9.1", 6881))
    dead = [Node(TARGET[:19] + bytes((n,)), (f"11.0.9.{n + 7}", 6881)) for n in range(2)]
    lookup = LookUp(TARGET, dead, [liar], 0.0)
    assert len(lookup.to_ask(0.0)) == 3
    lookup.on_answer(liar, bytes(20), [honest], 0.1)
    assert lookup.to_ask(0.1) == []
    for node in dead:
        lookup.on_silence(node.address)
    assert honest.address in lookup.to_ask(0.2)


def test_of_one_net_two_are_asked_and_a_third_when_one_of_them_is_silent():
    nodes = [Node(bytes(19) + bytes((n,)), (f"11.0.9.{n + 1}", 1)) for n in range(3)]
    lookup = LookUp(TARGET, nodes, [], 0.0)
    first = lookup.to_ask(0.0)
    assert len(first) == PER_NEIGHBOURHOOD
    assert lookup.to_ask(0.1) == []
    lookup.on_silence(first[0])
    assert len(lookup.to_ask(0.2)) == 1


def test_who_was_silent_takes_no_second_turn_from_others_of_its_net():
    nodes = [Node(bytes(19) + bytes((n,)), (f"11.0.9.{n + 1}", 1)) for n in range(3)]
    lookup = LookUp(TARGET, nodes, [], 0.0)
    for _ in range(2):
        for address in lookup.to_ask(0.0):
            lookup.on_silence(address)
    again = lookup.to_ask(0.1)  # all three have been asked: two of them get another chance
    assert len(again) == PER_NEIGHBOURHOOD


def test_at_home_all_nodes_may_be_neighbours():
    nodes = [Node(bytes(19) + bytes((n,)), ("127.0.0.1", 6881 + n)) for n in range(5)]
    lookup = LookUp(TARGET, nodes, [], 0.0)
    assert len(lookup.to_ask(0.0)) == 5
    lookup.on_silence(nodes[0].address)
    for node in nodes[1:]:
        lookup.on_answer(node.address, node.id, [], 0.1)
    assert lookup.done(0.2)
    assert set(lookup.closest()) == set(nodes[1:])


def test_who_names_the_dead_is_believed_no_more():
    network = Network(300, 5)
    for node in network.nodes[:60]:
        forged = [
            Node(TARGET[:17] + network.random.randbytes(3), (f"12.{a}.{b}.1", 6881))
            for a, b in zip(network.random.sample(range(250), 8), range(8), strict=True)
        ]
        network.liars[node.address] = (node.id, forged)
    lookup = begin(network, 8)
    _, asked = walk(network, lookup)
    assert len(asked) <= MAX_QUERIES
    assert len(set(lookup.closest()) & set(network.best())) >= K - 2


def test_who_names_those_that_refuse_is_no_liar():
    liar, honest = ("11.0.0.1", 1), ("11.0.1.1", 1)

    def asked_first(end):
        lookup = LookUp(TARGET, [Node(bytes(20), liar), Node(bytes(20), honest)], [], 0.0)
        lookup.to_ask(0.0)
        near = [Node(TARGET[:19] + bytes((n,)), (f"11.1.{n}.1", 1)) for n in range(7)]
        lookup.on_answer(liar, bytes(20), near, 0.1)
        for address in lookup.to_ask(0.1)[:4]:
            getattr(lookup, end)(address)
        far = Node(bytes(20), ("11.2.0.1", 1))
        lookup.on_answer(honest, bytes(20), [far], 0.2)
        return lookup.to_ask(0.2)[0] != far.address

    assert asked_first("on_refusal")
    assert not asked_first("on_silence")


def test_an_endless_supply_of_names_ends_with_the_questions():
    network = Network(20, 6)

    class Endless(dict):
        def __contains__(self, address):
            return True

        def __getitem__(self, address):
            count, rng = network.random.randrange, network.random.randbytes
            named = [
                Node(TARGET[:16] + rng(4), (f"12.{count(250)}.{count(250)}.9", 6881))
                for _ in range(50)
            ]
            return TARGET[:16] + rng(4), named

    network.liars = Endless()
    lookup = begin(network)
    _, asked = walk(network, lookup)
    assert len(asked) <= MAX_QUERIES
    assert len(lookup._candidates) <= MAX_CANDIDATES


def test_of_one_answer_only_the_closest_count():
    liar = ("12.0.0.1", 1)
    lookup = LookUp(TARGET, [], [liar], 0.0)
    lookup.to_ask(0.0)
    named = [Node(bytes((n,)) * 20, (f"11.0.{n}.1", 6881)) for n in range(40)]
    lookup.on_answer(liar, bytes(20), named, 0.1)
    assert len(lookup._candidates) == 1 + BELIEVED


def test_candidates_are_bounded_whoever_names_them():
    nodes = [
        Node(bytes((n & 255, n >> 8)) * 10, (f"11.{n >> 8}.{n & 255}.1", 1)) for n in range(600)
    ]
    lookup = LookUp(TARGET, nodes, [("11.200.0.1", 1)], 0.0)
    assert len(lookup._candidates) == MAX_CANDIDATES
