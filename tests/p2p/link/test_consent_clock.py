"""When consent is asked for and has ended, on a virtual clock."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.link.consent_clock import (
    CONSENT_EVERY_S,
    CONSENT_LIMIT_S,
    CONSENT_MIN_UNANSWERED,
    CONSENT_REPEAT_S,
    REPROBE_GUARD_S,
    SILENT_PATH_S,
    TOGETHER_S,
    ConsentClock,
)

LEAST, MOST = 0.8 * CONSENT_EVERY_S, 1.2 * CONSENT_EVERY_S
PATIENCE = 5.0


def a_clock(*, patience: float = 1.0, spread: int = 0) -> ConsentClock:
    """``spread``: 0 for the shortest waits, 255 for the longest."""
    clock = ConsentClock(lambda count: bytes([spread]) * count, 0.0)
    clock.patience = patience
    return clock


def asks(clock: ConsentClock, until_s: float, answer_s: float | None, *, controlling: bool) -> list:
    """When checks go out; the peer answers after ``answer_s``, or never, and is heard always."""
    now, times = 0.0, []
    while now < until_s and not clock.has_ended(now):
        clock.asked(now)
        times.append(now)
        wait_s = clock.first_wait_s(now, controlling=controlling)
        answered = False
        while wait_s > 0.0:
            if answer_s is not None and not answered and wait_s >= answer_s:
                clock.answered(now + answer_s)
                answered = True
            now += wait_s
            wait_s = clock.rest_s(now, now, controlling=controlling)
    return times


@given(st.integers(), st.booleans())
def test_a_peer_that_answers_is_asked_about_every_second(seed: int, controlling: bool) -> None:
    clock = ConsentClock(random.Random(seed).randbytes, 0.0)
    times = asks(clock, 20.0, 0.05, controlling=controlling)
    waits = [after - before for before, after in pairwise(times)]
    most = 2.0 * MOST if controlling else MOST
    assert all(LEAST - 1e-9 <= wait_s <= most + 1e-9 for wait_s in waits)
    assert len(waits) > 7


def test_a_peer_that_answers_nothing_is_asked_four_times_a_second_and_then_given_up() -> None:
    clock = a_clock()
    times = asks(clock, 100.0, None, controlling=False)
    assert times[1] - times[0] == CONSENT_REPEAT_S
    assert CONSENT_LIMIT_S - CONSENT_REPEAT_S <= times[-1] <= CONSENT_LIMIT_S
    assert clock.has_ended(CONSENT_LIMIT_S + 0.01)


def test_a_machine_that_slept_asks_again_before_it_gives_up() -> None:
    clock = a_clock()
    for number in range(CONSENT_MIN_UNANSWERED):
        assert not clock.has_ended(1000.0)
        clock.asked(1000.0 + number)
    assert clock.has_ended(1005.0)
    clock.answered(1005.0)
    assert not clock.has_ended(1005.0)


def test_on_a_long_line_the_first_wait_is_two_round_trips_and_no_longer_than_a_check() -> None:
    clock = a_clock()
    clock.measured(0.3)
    assert clock.first_wait_s(0.0, controlling=False) == pytest.approx(0.6)
    for _ in range(50):
        clock.measured(3.0)
    assert clock.first_wait_s(0.0, controlling=False) == pytest.approx(LEAST)


def test_round_trips_are_smoothed() -> None:
    clock = a_clock()
    assert clock.rtt_s is None
    clock.measured(0.1)
    assert clock.rtt_s == 0.1
    clock.measured(0.5)
    assert clock.rtt_s == pytest.approx(0.2)


def test_a_relay_asks_at_leisure_and_several_at_once() -> None:
    clock = a_clock(patience=PATIENCE)
    clock.asked(3.21)
    at_s = 3.21 + clock.first_wait_s(3.21, controlling=False)
    assert at_s >= 3.21 + PATIENCE * LEAST
    assert at_s / TOGETHER_S == pytest.approx(round(at_s / TOGETHER_S))
    clock.asked(at_s)
    assert clock.first_wait_s(at_s, controlling=False) == CONSENT_REPEAT_S, "one went unanswered"


def test_the_caller_of_a_relay_asks_rarely_only_while_it_hears_it() -> None:
    clock = a_clock(patience=PATIENCE)
    clock.asked(0.0)
    clock.first_wait_s(0.0, controlling=True)
    clock.answered(0.1)
    assert clock.rest_s(1.0, 0.95, controlling=True) > 0.0
    assert clock.rest_s(2.0 * PATIENCE, 2.0 * PATIENCE, controlling=True) == 0.0
    assert clock.rest_s(1.0, -0.5, controlling=True) == 0.0, "it is silent"


def test_the_check_of_a_relay_spares_the_callers_and_never_the_other_way() -> None:
    clock = a_clock(patience=PATIENCE)
    assert clock.is_spared(controlling=True)
    assert not clock.is_spared(controlling=False)
    assert not a_clock().is_spared(controlling=True), "the peer is no relay"
    clock.asked(0.0)
    assert not clock.is_spared(controlling=True), "ours is not answered"
    clock.answered(0.1)
    clock.first_wait_s(0.1, controlling=True)
    assert clock.rest_s(9.0, 9.0, controlling=True) == 0.0
    clock.spare(8.9)
    assert clock.rest_s(9.0, 9.0, controlling=True) > 0.0


def test_a_way_is_silent_after_a_moment_and_a_relays_after_longer() -> None:
    clock, relays = a_clock(), a_clock(patience=PATIENCE)
    after_s = SILENT_PATH_S + 0.01
    assert clock.is_silent(after_s)
    assert not relays.is_silent(after_s)
    clock.found(after_s)
    assert not clock.is_silent(after_s)


def test_a_check_of_the_peer_brings_one_of_ours_forward() -> None:
    clock = a_clock()
    clock.asked(1.0)
    assert not clock.asks_back(1.0 + 0.9 * REPROBE_GUARD_S, controlling=False)
    assert clock.asks_back(1.0 + 1.1 * REPROBE_GUARD_S, controlling=False), "it is back"
    clock.answered(1.1)
    assert not clock.asks_back(1.0 + 0.9 * CONSENT_REPEAT_S, controlling=True)
    assert clock.asks_back(1.0 + 1.1 * CONSENT_REPEAT_S, controlling=True), "it may have moved"
    assert not clock.asks_back(9.0, controlling=False)
