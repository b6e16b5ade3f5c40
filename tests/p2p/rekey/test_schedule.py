"""Whose turn it is to begin an epoch, and when."""

import pytest

from p2p.rekey.schedule import (
    LOST_S,
    LOST_TURN_S,
    MERGE_AGAIN_S,
    MERGE_JITTER_S,
    MERGE_TURN_S,
    NEVER,
    SCHEDULED_STEPS,
    Turns,
    is_scheduled,
)
from tests.p2p.rekey.fakeroom import FakeEpoch


def turns(byte: int = 0) -> Turns:
    return Turns(lambda size: bytes((byte,)) * size)


def head(step: int) -> FakeEpoch:
    return FakeEpoch(b"", b"", (), step, "", b"", b"", b"", ())


def test_without_a_reason_nothing_is_due() -> None:
    turn = turns()
    turn.observe(1, 0, 5.0)
    assert turn.due(None, 0, 1e9) is None
    assert turn.next_timer(None, 0) == NEVER


def test_what_a_person_asks_for_is_due_at_once_and_once() -> None:
    turn = turns()
    turn.ask("asked", 5.0)
    assert turn.due(None, 9, 5.0) == "asked"
    turn.made(5.0)
    assert turn.due(None, 9, 6.0) is None


def test_everybody_who_is_shut_out_is_so_at_once() -> None:
    turn = turns()
    for now in (5.0, 5.1, 5.2):
        turn.ask("kick", now)
        assert turn.next_timer(None, 0) == now
        assert turn.due(None, 0, now) == "kick"
        turn.made(now)
        assert turn.due(None, 0, now) is None


@pytest.mark.parametrize("place", [0, 1, 3])
def test_two_heads_are_merged_in_the_order_of_seniority(place: int) -> None:
    turn = turns()
    turn.observe(2, place, 5.0)
    turn.observe(3, place, 5.05)
    at_s = 5.0 + place * MERGE_TURN_S
    assert turn.next_timer(None, place) == pytest.approx(at_s)
    if place:
        assert turn.due(None, place, at_s - 0.01) is None
    assert turn.due(None, place, at_s + 0.01) == "merge"


def test_who_sees_one_head_again_does_not_merge() -> None:
    turn = turns()
    turn.observe(2, 0, 5.0)
    turn.observe(1, 0, 5.1)
    assert turn.due(None, 0, 9.0) is None


def test_whose_merge_did_not_help_waits_a_little_longer_each_time() -> None:
    turn, waits = turns(255), []
    for number in range(3):
        now = float(number)
        turn.observe(2, 0, now)
        waits.append(turn.next_timer(None, 0) - now)
        turn.made(now)
    assert waits == sorted(waits)
    assert waits[0] < MERGE_JITTER_S < waits[1]
    turn.observe(1, 0, 2.0 + MERGE_AGAIN_S)
    turn.observe(1, 0, 2.1 + MERGE_AGAIN_S)
    turn.observe(2, 0, 20.0)
    assert turn.next_timer(None, 0) - 20.0 == pytest.approx(waits[0])


def test_a_lost_secret_is_given_up_after_a_second_and_a_half_and_a_turn() -> None:
    turn = turns()
    assert LOST_S == 1.5
    at_s = 7.0 + LOST_S + 2 * LOST_TURN_S
    assert turn.due(7.0, 2, at_s - 0.01) is None
    assert turn.due(7.0, 2, at_s) == "merge"


def test_the_schedule_counts_from_the_newest_head_and_one_step_for_each_senior() -> None:
    heads = [head(3), head(7)]
    assert not is_scheduled(heads, 0, 7 + SCHEDULED_STEPS - 1)
    assert is_scheduled(heads, 0, 7 + SCHEDULED_STEPS)
    assert not is_scheduled(heads, 2, 7 + SCHEDULED_STEPS + 1)
    assert is_scheduled(heads, 2, 7 + SCHEDULED_STEPS + 2)


def test_a_lost_secret_is_given_up_again_only_after_the_same_time() -> None:
    turns = Turns(lambda count: bytes(count))
    turns.observe(1, 0, 10.0)
    assert turns.due(7.0, 0, 10.0) == "merge"
    turns.made(10.0)
    assert turns.due(7.0, 0, 10.0) is None
    assert turns.next_timer(7.0, 0) == 10.0 + LOST_S
    assert turns.due(7.0, 0, 10.0 + LOST_S) == "merge"
