"""Random histories of a room, a few of those that bench/schedules.py plays by the thousand."""

import pytest

from tests.sim.once import pure_parts_once
from tests.sim.room_schedule import play


@pytest.mark.parametrize("seed", [13, 19, 38, 136])
def test_whatever_happens_the_honest_agree_and_the_removed_are_out(seed: int) -> None:
    with pure_parts_once():
        outcome = play(seed, members=7, actions=30)
    assert outcome.problems == []
    assert outcome.done["kick"] >= 1
    assert outcome.epochs >= 1


def test_a_history_repeats_itself() -> None:
    with pure_parts_once():
        first, second = play(5, members=5, actions=12), play(5, members=5, actions=12)
    assert first == second
