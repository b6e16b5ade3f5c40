"""Random histories of a room, a few of those that bench/schedules.py plays by the thousand."""

from functools import cache

import pytest

from lab.sim.once import pure_parts_once
from lab.sim.room_schedule import Outcome, play
from lab.sim.short_memory import short_memory


def slow(*values: int) -> object:
    """One more of what a quicker one shows already."""
    return pytest.param(*values, marks=pytest.mark.slow)


@cache
def hostile(seed: int) -> Outcome:
    with pure_parts_once():
        return play(seed, 5, 25, hostile=True)


@pytest.mark.parametrize("seed", [19, 136, slow(13), slow(38)])
def test_whatever_happens_the_honest_agree_and_the_removed_are_out(seed: int) -> None:
    with pure_parts_once():
        outcome = play(seed, members=7, actions=30)
    assert outcome.problems == []
    assert outcome.done["kick"] >= 1
    assert outcome.epochs >= 1


@pytest.mark.parametrize(
    ("seed", "members"),
    [
        (501403, 5),  # who woke up among others went on asking every two seconds only
        slow(601943, 12),  # two removals and a leave within a quarter of a second
        slow(613657, 10),  # all who held the key were gone
        (802175, 8),  # a speaker held one of two heads, and nobody near it the other
        (703133, 8),  # two who were shut out kept each other company
    ],
)
def test_a_history_that_once_went_wrong_goes_well(seed: int, members: int) -> None:
    with pure_parts_once():
        assert play(seed, members, 40).problems == []


@pytest.mark.parametrize(
    ("seed", "members", "actions"),
    [
        slow(6, 8, 80),
        (7, 5, 80),
    ],
)
def test_a_room_that_forgets_after_a_minute_goes_well_too(
    seed: int, members: int, actions: int
) -> None:
    with pure_parts_once(), short_memory():
        outcome = play(seed, members, actions)
    assert outcome.problems == []
    assert outcome.epochs >= 5


def test_a_history_repeats_itself() -> None:
    with pure_parts_once():
        first, second = play(5, members=5, actions=12), play(5, members=5, actions=12)
    assert first == second


@pytest.mark.parametrize("seed", [101, slow(104), slow(108)])
def test_whoever_was_removed_comes_back_under_no_name_that_it_can_sign_for(seed: int) -> None:
    outcome = hostile(seed)
    assert outcome.problems == []
    assert outcome.done["attack"] > 400
    assert outcome.done["tried"] > 20


@pytest.mark.parametrize("seed", [103, slow(110)])
def test_newcomers_among_doors_that_lie_are_in_and_know_what_the_others_know(seed: int) -> None:
    outcome = hostile(seed)
    assert outcome.problems == []
    assert outcome.done["in_among_liars"] >= 3


def test_a_speaker_that_is_kept_from_all_news_falls_silent_before_the_removed_hear_on() -> None:
    outcome = hostile(103)
    assert outcome.problems == []
    assert outcome.done["cut_off"] == 1
    assert outcome.done["kept_back"] > 100
