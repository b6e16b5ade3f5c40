"""Secrets that were handed over: proved by the sound of others, doubted when it does not open."""

import pytest

from crypto.trial import DOUBT_S, FRESH_S, ODD_FRESH_S, Trial

ONE, TWO = b"1" * 16, b"2" * 16
GIVER, OTHER = b"g" * 16, b"o" * 16


@pytest.fixture
def trial() -> Trial:
    trial = Trial()
    trial.begin(ONE, GIVER)
    trial.begin(TWO, OTHER)
    return trial


def fail(trial: Trial, begin_s: float, end_s: float) -> None:
    for tick in range(round((end_s - begin_s) * 50) + 1):
        trial.failed((ONE,), begin_s + tick / 50)


def test_frames_that_fail_for_a_second_are_a_reason_to_doubt(trial: Trial) -> None:
    fail(trial, 5.0, 5.0 + DOUBT_S - 0.1)
    assert trial.doubted(5.9) == ()
    fail(trial, 5.9, 5.0 + DOUBT_S)
    assert trial.doubted(6.0) == (ONE,)
    assert trial.doubted(6.0 + FRESH_S) == (ONE,)


def test_when_nothing_fails_any_more_the_doubt_is_over_and_begins_anew(trial: Trial) -> None:
    fail(trial, 5.0, 6.0)
    assert trial.doubted(6.1 + FRESH_S) == ()
    trial.failed((ONE,), 6.1 + FRESH_S)
    assert trial.doubted(6.1 + FRESH_S) == ()


def test_sound_of_anybody_but_the_giver_proves_it(trial: Trial) -> None:
    fail(trial, 5.0, 6.0)
    trial.opened((ONE,), GIVER)
    assert trial.doubted(6.0) == (ONE,)
    trial.opened((ONE, TWO), OTHER)
    assert trial.doubted(6.0) == ()
    assert trial.giver(ONE) is None
    assert trial.giver(TWO) == OTHER


def test_what_is_not_on_trial_is_not_doubted(trial: Trial) -> None:
    trial.end(ONE)
    fail(trial, 5.0, 9.0)
    assert trial.doubted(9.0) == ()
    trial.end(TWO)
    trial.opened((TWO,), GIVER)
    assert trial.giver(TWO) is None


def test_another_secret_under_the_same_id_has_a_trial_of_its_own(trial: Trial) -> None:
    fail(trial, 5.0, 6.0)
    trial.begin(ONE, OTHER)
    assert trial.doubted(6.0) == ()
    assert trial.giver(ONE) == OTHER


def test_of_two_heads_that_were_given_both_are_doubted(trial: Trial) -> None:
    for tick in range(51):
        trial.failed((TWO, ONE), 5.0 + tick / 50)
    assert trial.doubted(6.0) == (ONE, TWO)


def test_what_a_member_told_us_falsely_casts_doubt_at_once_and_proves_nothing(
    trial: Trial,
) -> None:
    trial.said_falsely((ONE, b"z" * 16), 5.0)
    assert trial.doubted(5.0 + FRESH_S) == (ONE,)
    assert trial.doubted(5.1 + FRESH_S) == ()
    assert trial.giver(ONE) == GIVER


def odd(trial: Trial, begin_s: float, end_s: float) -> None:
    for tick in range(round((end_s - begin_s) * 50) + 1):
        trial.odd(begin_s + tick / 50)


def test_a_time_under_which_all_is_out_of_step_is_doubted_after_a_second(trial: Trial) -> None:
    trial.time_from = GIVER
    assert not trial.is_out_of_step(5.0)
    odd(trial, 5.0, 5.0 + DOUBT_S - 0.1)
    assert not trial.is_out_of_step(5.9)
    odd(trial, 5.9, 6.0)
    assert trial.is_out_of_step(6.0 + ODD_FRESH_S)
    assert not trial.is_out_of_step(6.1 + ODD_FRESH_S)
    trial.odd(6.1 + ODD_FRESH_S)
    assert not trial.is_out_of_step(6.1 + ODD_FRESH_S), "it begins anew"


def test_a_time_is_proved_by_anything_that_opens_of_another_than_who_told_it(trial: Trial) -> None:
    trial.time_from = GIVER
    odd(trial, 5.0, 7.0)
    trial.opened((ONE,), GIVER)
    assert trial.is_out_of_step(7.0)
    trial.opened((ONE,), OTHER)
    assert trial.time_from is None
    odd(trial, 7.0, 9.0)
    assert not trial.is_out_of_step(9.0)


def test_frames_that_fail_after_our_time_was_put_back_count_from_then_on(trial: Trial) -> None:
    fail(trial, 65.0, 65.5)
    fail(trial, 5.0, 5.0 + DOUBT_S)
    assert trial.doubted(6.0) == (ONE,)
