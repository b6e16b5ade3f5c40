"""Whom to ask for keys that did not come, and whom to answer."""

import os

import pytest

from p2p.rekey import requests as asking
from p2p.rekey.requests import (
    AGAIN_S,
    ANSWERED_FOR_S,
    AT_ONCE,
    FIRST_S,
    LATER_S,
    PENDING_S,
    SOON_TRIES,
    Answering,
    Asking,
)

A, B = b"a" * 16, b"b" * 16
NEIGHBOURS = [bytes((number,)) * 16 for number in range(5)]


def test_nobody_is_asked_while_nothing_is_missing_or_right_away() -> None:
    ask = Asking(os.urandom)
    assert ask.due(NEIGHBOURS, [], 100.0) == []
    ask.observe([A], 1.0)
    assert (ask.since_s, ask.next_timer) == (1.0, 1.0 + FIRST_S)
    assert ask.due(NEIGHBOURS, [], 1.0 + FIRST_S - 0.01) == []
    assert len(ask.due(NEIGHBOURS, [], 1.0 + FIRST_S)) == AT_ONCE


def test_those_who_should_know_are_asked_first_and_all_others_soon() -> None:
    ask = Asking(lambda size: bytes(size))
    ask.observe([A], 0.0)
    first = ask.due(NEIGHBOURS, NEIGHBOURS[3:], FIRST_S)
    assert set(first) == set(NEIGHBOURS[3:])
    asked = set(first)
    for tries in range(1, 3):
        asked |= set(ask.due(NEIGHBOURS, NEIGHBOURS[3:], FIRST_S + tries * AGAIN_S))
    assert asked == set(NEIGHBOURS)


def test_after_some_tries_it_asks_less_often() -> None:
    ask = Asking(os.urandom)
    ask.observe([A], 0.0)
    now = FIRST_S
    for _ in range(SOON_TRIES):
        assert ask.due(NEIGHBOURS, [], now)
        now = ask.next_timer
    assert now == pytest.approx(FIRST_S + SOON_TRIES * AGAIN_S)
    assert ask.due(NEIGHBOURS, [], now)
    assert ask.next_timer == now + LATER_S


def test_whoever_comes_near_is_asked_soon_however_long_it_was_in_vain_before() -> None:
    ask = Asking(lambda size: bytes(size))
    ask.observe([A], 0.0)
    for _ in range(SOON_TRIES + 2):
        ask.due(NEIGHBOURS[:2], [], ask.next_timer)
    now = ask.next_timer - LATER_S + 0.1
    assert ask.due(NEIGHBOURS[:1], [], now) == []
    assert ask.due(NEIGHBOURS, [], now) == []
    assert ask.next_timer == now + FIRST_S
    asked = set(ask.due(NEIGHBOURS, [], now + FIRST_S))
    asked |= set(ask.due(NEIGHBOURS, [], ask.next_timer))
    assert len(asked) > AT_ONCE
    assert ask.next_timer == pytest.approx(now + FIRST_S + 2 * AGAIN_S)


def test_without_neighbours_nobody_is_asked() -> None:
    ask = Asking(os.urandom)
    ask.observe([A], 0.0)
    assert ask.due([], [], 1.0) == []


def test_since_when_tells_of_what_is_missing_now_and_of_the_whole_time() -> None:
    ask = Asking(os.urandom)
    ask.observe([A], 0.0)
    ask.observe([A, B], 1.0)
    assert (ask.since_s, ask.lacking_since_s, ask.next_timer) == (0.0, 0.0, FIRST_S)
    ask.observe([B], 2.0)
    assert (ask.since_s, ask.lacking_since_s) == (1.0, 0.0)
    ask.observe([A], 3.0)
    assert (ask.since_s, ask.lacking_since_s, ask.next_timer) == (3.0, 0.0, 3.0 + FIRST_S)
    ask.observe([], 4.0)
    assert (ask.since_s, ask.lacking_since_s) == (None, None)


def test_an_answer_is_expected_for_ten_seconds_from_whom_was_asked() -> None:
    ask = Asking(os.urandom)
    ask.observe([A], 0.0)
    (member, *_) = ask.due(NEIGHBOURS[:1], [], 1.0)
    assert ask.was_asked(member, 1.0 + ANSWERED_FOR_S - 0.1)
    assert not ask.was_asked(member, 1.0 + ANSWERED_FOR_S)
    assert not ask.was_asked(NEIGHBOURS[1], 1.0)


def test_who_asks_waits_three_seconds_or_until_it_is_answered() -> None:
    answer = Answering()
    assert answer.ask(A, (b"1",), 0.0)
    assert answer.ask(B, (b"2",), 1.0)
    assert answer.pending(1.0) == [(A, (b"1",)), (B, (b"2",))]
    answer.answered(A)
    answer.answered(A)
    assert answer.pending(1.0 + PENDING_S - 0.1) == [(B, (b"2",))]
    assert answer.pending(1.0 + PENDING_S) == []


def test_who_asks_again_waits_anew_for_what_it_asked_last() -> None:
    answer = Answering()
    answer.ask(A, (b"1",), 0.0)
    answer.ask(A, (b"2",), 2.0)
    assert answer.pending(4.0) == [(A, (b"2",))]


def test_asking_without_end_is_refused() -> None:
    answer = Answering()
    assert [answer.ask(A, (b"1",), 0.0) for _ in range(10)] == [True] * 8 + [False] * 2
    assert answer.ask(A, (b"1",), 1.0)


def test_how_many_wait_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PENDING_MAX", 3)
    answer = Answering()
    for number in range(20):
        answer.ask(bytes((number,)), (b"1",), 0.0)
    assert len(answer.pending(0.0)) == 3
    assert len(answer._rates) <= 3
