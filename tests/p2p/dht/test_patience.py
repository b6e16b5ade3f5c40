from dataclasses import dataclass

import pytest

from p2p.dht.patience import DEAD_SUGGESTIONS, FEW_ANSWERS, TIMES_MAX, Asked, Patience

MOST_S = 1.0


@dataclass(slots=True, kw_only=True)
class One(Asked[str]):
    pass


class Walk:
    """Nodes that are called by letters, the first one the nearest."""

    def __init__(self, names: str, suggested_by: str = "") -> None:
        self.nodes = {
            name: One(distance=number, suggested_by=set(suggested_by))
            for number, name in enumerate(names)
        }
        self.patience = Patience(self.nodes, MOST_S)

    def ask(self, name: str, now: float) -> One:
        self.nodes[name].ask(now)
        return self.nodes[name]


def test_an_answer_is_waited_for_half_as_long_again_as_the_slowest_has_taken():
    walk = Walk("ab")
    walk.ask("a", 0.0)
    assert walk.patience.take_answer("a", 0.4) is walk.nodes["a"]
    slow = walk.ask("b", 1.0)
    assert walk.patience.next_timer(1.0, 9.0) == pytest.approx(1.65)
    assert walk.patience.is_fresh(slow, 1.6)
    assert walk.patience.in_flight(1.6) == 1
    assert not walk.patience.is_fresh(slow, 1.7)
    assert walk.patience.next_timer(1.7, 9.0) == 9.0


@pytest.mark.parametrize(("answer_s", "stall_s"), [(0.001, 0.3), (0.4, 0.65), (60.0, MOST_S)])
def test_the_wait_has_a_floor_and_a_ceiling(answer_s, stall_s):
    walk = Walk("ab")
    walk.ask("a", 0.0)
    walk.patience.take_answer("a", answer_s)
    walk.ask("b", 100.0)
    assert walk.patience.next_timer(100.0, 200.0) == pytest.approx(100.0 + stall_s)


def test_only_the_first_answer_of_who_was_asked_counts():
    walk = Walk("a")
    assert walk.patience.take_answer("a", 0.1) is None
    walk.ask("a", 0.2)
    assert walk.patience.take_answer("z", 0.3) is None
    assert walk.patience.take_answer("a", 0.3) is not None
    assert walk.patience.take_answer("a", 0.4) is None
    assert walk.patience.take_silence("a", blame=True) is None
    assert not walk.nodes["a"].silent


def test_a_node_is_silent_when_its_last_question_has_ended():
    walk = Walk("a")
    assert walk.patience.take_silence("a", blame=True) is None
    assert walk.patience.take_silence("z", blame=True) is None
    walk.ask("a", 0.0)
    walk.ask("a", 0.5)
    assert walk.patience.take_silence("a", blame=True) is None
    assert walk.patience.take_silence("a", blame=True) is walk.nodes["a"]
    assert walk.nodes["a"].silent
    assert not walk.patience.is_fresh(walk.nodes["a"], 0.5)
    assert not walk.ask("a", 1.0).silent


def test_who_has_named_several_dead_ones_is_believed_no_more_unless_another_names_them_too():
    walk = Walk("abcdef", suggested_by="x")
    walk.nodes["e"].suggested_by = {"x", "y"}
    walk.nodes["f"].suggested_by = set()
    for name in "abc"[:DEAD_SUGGESTIONS]:
        assert not walk.patience.is_distrusted(walk.nodes["d"])
        walk.ask(name, 0.0)
        walk.patience.take_silence(name, blame=True)
    assert walk.patience.is_distrusted(walk.nodes["d"])
    assert not walk.patience.is_distrusted(walk.nodes["e"])
    assert not walk.patience.is_distrusted(walk.nodes["f"]), "it was known before"
    walk.ask("d", 1.0)
    walk.patience.take_answer("d", 1.1)
    assert not walk.patience.is_distrusted(walk.nodes["d"])


def test_a_node_that_says_no_is_held_against_nobody():
    walk = Walk("abcd", suggested_by="x")
    for name in "abc":
        walk.ask(name, 0.0)
        walk.patience.take_silence(name, blame=False)
    assert not walk.patience.is_distrusted(walk.nodes["d"])


def test_while_few_have_answered_the_silent_are_asked_again_those_asked_least_first():
    walk = Walk("abcd")
    for name, times in (("a", TIMES_MAX), ("b", 1), ("c", TIMES_MAX + 1)):
        for _ in range(times):
            walk.ask(name, 0.0)
            walk.patience.take_silence(name, blame=True)
    again = [walk.nodes["b"], walk.nodes["a"]]
    assert walk.patience.second_chances(5.0) == again
    walk.ask("b", 5.0)
    assert walk.patience.second_chances(5.1) == [walk.nodes["a"]]


def test_once_enough_have_answered_the_silent_are_let_be_and_nothing_is_waited_for():
    walk = Walk("abcd")
    walk.ask("d", 0.0)
    assert not walk.patience.is_over()
    for name in "abc"[:FEW_ANSWERS]:
        assert not walk.patience.is_enough
        walk.ask(name, 0.0)
        walk.patience.take_answer(name, 0.1)
    assert walk.patience.is_enough
    assert walk.patience.second_chances(9.0) == []
    assert walk.patience.is_over()


def test_a_walk_that_has_nobody_to_wait_for_is_over():
    walk = Walk("a")
    assert walk.patience.is_over()
    walk.ask("a", 0.0)
    assert not walk.patience.is_over()
    walk.patience.take_silence("a", blame=True)
    assert walk.patience.is_over()
