"""Whole nodes that talk to each other: nothing is lost on a link, and nothing overtakes."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from p2p.mesh.tree.place import SHED_S, TELL_EVERY_S, Place
from p2p.mesh.tree.row import DEPTH_MAX, Ask, Left, Row, Taken, Told, Turned

HOP_S = 0.05


def key(n: int) -> bytes:
    return bytes((n, n ^ 0x5A)) * 16


class Room:
    """Some nodes; messages take ``HOP_S``, in the order in which they were sent on each link."""

    def __init__(self, named: int = 1, seed: int = 1) -> None:
        self.rng = random.Random(seed)
        self.order = [key(n) for n in range(named)]
        self.places: dict[bytes, Place] = {}
        self.now = 0.0
        self.wire: list[tuple[float, bytes, bytes, object]] = []
        self.deaf: set[tuple[bytes, bytes]] = set()
        for one in self.order:
            self.add(one, 3)

    def add(self, node: bytes, slots: int = 0) -> Place:
        place = self.places[node] = Place(node, slots, self.rng.randbytes, self.now)
        place.set_order(self.order)
        place.on_timer(self.now)
        return place

    def crash(self, node: bytes) -> None:
        del self.places[node]
        for place in self.places.values():
            place.lost(node, self.now)

    def cut(self, one: bytes, other: bytes) -> None:
        self.places[one].lost(other, self.now)
        self.places[other].lost(one, self.now)

    def run(self, seconds: float) -> None:
        until_s = self.now + seconds
        while self.now < until_s:
            self.now = round(self.now + 0.05, 3)
            due = [one for one in self.wire if one[0] <= self.now]
            self.wire = [one for one in self.wire if one[0] > self.now]
            for _, source, target, message in due:
                if target in self.places:
                    self.places[target].receive(message, source, self.now)
                elif source in self.places and isinstance(message, Ask):
                    pass  # nobody answers
            for node, place in list(self.places.items()):
                if place.next_timer(self.now - 0.05) <= self.now:
                    place.on_timer(self.now)
                self.wire += [
                    (self.now + HOP_S, node, target, message) for target, message in place.to_send()
                ]
            self.check()

    def check(self) -> None:
        """Nobody ever stands above itself."""
        for node in self.places:
            seen, at = set(), node
            while at in self.places and self.places[at].parents.first is not None:
                assert at not in seen, "a loop"
                seen.add(at)
                at = self.places[at].parents.first.node

    def unheard(self) -> list[bytes]:
        return [node for node, place in self.places.items() if not place.is_placed]

    def depth(self, node: bytes) -> int:
        return self.places[node].row.depth


def test_everybody_finds_a_place_and_a_second_parent() -> None:
    room = Room()
    for n in range(10, 30):
        room.add(key(n), 3 if n % 2 else 0)
        room.run(0.3)
    room.run(20.0)
    assert room.unheard() == []
    assert max(room.depth(node) for node in room.places) <= 4
    lonely = [n for n, place in room.places.items() if place.parents.second is None]
    assert len(lonely) <= 4  # the root, and children of it that have no other above themselves


def test_one_that_carries_gets_a_listeners_place_and_the_listener_hangs_under_it() -> None:
    room = Room()
    for n in range(10, 13):
        room.add(key(n))
    room.run(5.0)
    assert all(room.depth(key(n)) == 1 for n in range(10, 13))
    room.add(key(20), 4)
    room.run(8.0)
    assert room.depth(key(20)) == 1
    assert sorted(room.depth(key(n)) for n in range(10, 13)) == [1, 1, 2]
    assert room.unheard() == []


def test_a_crash_costs_one_question() -> None:
    room = Room()
    for n in range(10, 20):
        room.add(key(n), 3)
        room.run(0.5)
    room.run(20.0)
    victim = next(
        node
        for node, place in room.places.items()
        if place.children.hearing and not place.parents.is_root
    )
    orphans = room.places[victim].children.hearing
    room.crash(victim)
    room.run(2.0)
    assert room.unheard() == []
    assert all(room.places[orphan].is_placed for orphan in orphans)


def test_who_leaves_in_order_leaves_nobody_without_sound() -> None:
    room = Room()
    for n in range(10, 20):
        room.add(key(n), 3)
        room.run(0.5)
    room.run(20.0)
    goes = next(n for n, p in room.places.items() if p.children.hearing and not p.parents.is_root)
    below = room.places[goes].children.hearing
    room.places[goes].leave()
    for _ in range(40):
        room.run(0.05)
        assert all(room.places[node].is_placed for node in below)
    assert room.places[goes].children.hearing == []


def test_when_the_first_named_dies_the_next_is_the_root() -> None:
    room = Room(named=3)
    for n in range(10, 16):
        room.add(key(n), 2)
    room.run(10.0)
    assert room.places[key(0)].parents.is_root
    room.crash(key(0))
    room.run(10.0)
    assert room.places[key(1)].parents.is_root
    assert room.unheard() == []


def test_a_node_that_stands_above_one_is_not_its_child() -> None:
    room = Room()
    room.add(key(10), 3)
    room.run(3.0)
    place = room.places[key(10)]
    assert place.row.above == (key(0),)
    place.receive(Ask("sound", 3), key(0), room.now)
    assert (key(0), Turned(place.row, ())) in place.to_send()
    assert place.children.hearing == []


def test_a_node_without_sound_takes_nobody_and_shows_no_place() -> None:
    place = Place(key(9), 5, random.Random(1).randbytes, 0.0)
    place.set_order([key(0)])
    place.receive(Ask("sound", 0), key(8), 0.0)
    assert (key(8), Turned(None, ())) in place.to_send()
    assert place.row == Row(key(9))


def test_a_node_that_finds_no_parent_lets_its_children_go() -> None:
    place = Place(key(9), 5, random.Random(1).randbytes, 0.0)
    place.set_order([key(0)])
    place.on_timer(0.0)
    place.receive(Taken("sound", Row(key(0), (), 0, leaf=True, carrier=True)), key(0), 0.1)
    place.receive(Ask("sound", 0), key(8), 0.2)
    place.receive(Ask("warm", 0), key(7), 0.2)
    place.to_send()
    place.lost(key(0), 1.0)
    assert {(key(8), Left()), (key(7), Left())} <= set(place.to_send())
    assert place.children.all == []


def test_it_waits_a_moment_for_those_that_it_asked_before_it_lets_them_go() -> None:
    place = Place(key(9), 5, random.Random(1).randbytes, 0.0)
    place.set_order([key(0)])
    place.on_timer(0.0)
    place.receive(Taken("sound", Row(key(0))), key(0), 0.1)
    place.receive(Ask("sound", 0), key(8), 0.2)
    place.parents.candidates.heard(Row(key(5), (), 0, leaf=True, carrier=True))
    place.to_send()
    place.lost(key(0), 1.0)
    assert place.children.hearing == [key(8)]
    assert place.next_timer(1.0) <= 1.0 + SHED_S
    place.on_timer(1.0 + SHED_S)
    assert (key(8), Left()) in place.to_send()


def test_what_changes_is_told_to_the_parent_and_where_it_hangs_to_the_children() -> None:
    place = Place(key(9), 2, random.Random(1).randbytes, 0.0)
    place.set_order([key(0)])
    place.on_timer(0.0)
    place.receive(Taken("sound", Row(key(0))), key(0), 0.1)
    place.on_timer(0.1 + TELL_EVERY_S)
    place.to_send()
    place.receive(Ask("sound", 0), key(8), 1.0)
    place.receive(Ask("sound", 0), key(7), 1.0)
    place.on_timer(1.0 + TELL_EVERY_S)
    told = [(node, m) for node, m in place.to_send() if isinstance(m, Told)]
    assert told == [(key(0), Told(place.row))]
    place.receive(Told(Row(key(0), (), 500)), key(0), 2.0)
    place.on_timer(2.0 + TELL_EVERY_S)
    told = [node for node, m in place.to_send() if isinstance(m, Told)]
    assert sorted(told) == sorted([key(0), key(7), key(8)])
    place.receive(Left(), key(8), 3.0)
    place.lost(key(0), 3.0)
    place.on_timer(3.0 + TELL_EVERY_S)
    assert not [m for _, m in place.to_send() if isinstance(m, Told)]


def test_a_row_in_anothers_name_changes_nothing() -> None:
    room = Room()
    room.add(key(10), 3)
    room.run(3.0)
    before = room.places[key(10)].parents.first
    room.places[key(10)].receive(Told(Row(key(0), (key(3),))), key(77), room.now)
    assert room.places[key(10)].parents.first == before


def test_a_bad_parent_is_left_for_the_second() -> None:
    room = Room(named=2)
    place = room.add(key(10))
    room.run(5.0)
    bad = place.parents.first.node
    place.bad(room.now)
    room.run(1.0)
    assert place.is_placed
    assert place.parents.first.node != bad


def test_a_second_that_brings_nothing_is_found_out_before_anybody_relies_on_it() -> None:
    room = Room()
    for n in range(10, 16):
        room.add(key(n), 3)
    room.run(20.0)
    place = next(p for p in room.places.values() if p.parents.second is not None)
    first, bad = place.parents.first.node, place.parents.second.node
    place.compared(room.now, good=False)
    room.run(5.0)
    assert place.parents.first.node == first
    assert place.parents.second is None or place.parents.second.node != bad
    assert place.own not in room.places[bad].children.all


def test_a_listener_that_was_shown_away_and_stays_is_let_go() -> None:
    room = Room()
    for n in range(10, 13):
        room.add(key(n))
    room.run(5.0)
    place = room.places[key(0)]
    place.receive(Ask("sound", 3), key(50), room.now)  # it never says a word again
    room.run(10.0)
    assert len(place.children.hearing) <= 3
    assert sum(node not in room.unheard() for node in map(key, range(10, 13))) >= 2


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_no_loop_ever_whatever_comes_and_goes(seed: int, named: int) -> None:
    room = Room(named, seed)
    rng = random.Random(seed)
    for n in range(20, 50):
        room.add(key(n), rng.choice((0, 0, 1, 2, 3)))
        room.run(rng.choice((0.05, 0.3)))
        if rng.random() < 0.35:
            one = rng.choice([node for node in room.places if node != key(0)])
            what = rng.random()
            first = room.places[one].parents.first
            if what < 0.5:
                room.crash(one)
            elif what < 0.7:
                room.places[one].leave()
            elif first is not None and first.node in room.places:
                room.cut(one, first.node)
    room.run(3.0)
    assert all(room.depth(node) <= DEPTH_MAX for node in room.places)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_liars_make_no_loop_of_honest_nodes(seed: int) -> None:
    """One in five says that it stands at the top and has room, and takes everybody."""

    class Liar(Place):
        @property
        def row(self) -> Row:
            return Row(self.own, (), 0, leaf=True, carrier=True)

        @property
        def is_placed(self) -> bool:
            return True

    room = Room(1, seed)
    rng = random.Random(seed)
    honest = {key(0)}
    room.check = lambda: None  # type: ignore[method-assign]
    for n in range(20, 45):
        place = room.add(key(n), 3)
        if rng.random() < 0.2:
            liar = room.places[key(n)] = Liar(key(n), 20, room.rng.randbytes, room.now)
            liar.set_order(room.order)
            liar.on_timer(room.now)
            del place
        else:
            honest.add(key(n))
        room.run(rng.choice((0.1, 0.4)))
    for node in honest:
        seen, at = set(), node
        while at in honest and room.places[at].parents.first is not None:
            assert at not in seen
            seen.add(at)
            at = room.places[at].parents.first.node
