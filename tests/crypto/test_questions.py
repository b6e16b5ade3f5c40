"""Which questions a door remembers when somebody asks more than it can."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import questions as module
from crypto.questions import Questions

A, B, C, STRANGER = b"a" * 32, b"b" * 32, b"c" * 32, b"s" * 32
MOST = 12


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REMEMBERED", MOST)


def asked(questions: Questions, caller: bytes, count: int) -> list[bytes]:
    made = [os.urandom(32) for _ in range(count)]
    for each in made:
        questions.remember(each, caller)
    return made


def remembered(questions: Questions, made: list[bytes]) -> list[bool]:
    return [each in questions for each in made]


def test_without_members_the_oldest_question_of_who_was_silent_longest_goes_first() -> None:
    questions = Questions()
    first, second = asked(questions, A, 2), asked(questions, B, MOST - 3)
    asked(questions, A, 2)
    assert remembered(questions, first) == [True, True]
    assert remembered(questions, second) == [False] + [True] * (MOST - 4)


def test_strangers_are_forgotten_before_members_however_many_they_are() -> None:
    questions = Questions()
    questions.members = lambda: {A}
    ours = asked(questions, A, 3)
    for _ in range(50):
        asked(questions, os.urandom(32), 1)
    assert remembered(questions, ours) == [True] * 3
    assert len(questions._all) == MOST


def test_a_member_that_asks_too_much_loses_its_own_questions() -> None:
    questions = Questions()
    questions.members = lambda: {A, B}
    ours, much = asked(questions, A, 3), asked(questions, B, 50)
    assert remembered(questions, ours) == [True] * 3
    assert remembered(questions, much) == [False] * 41 + [True] * 9


def test_who_becomes_a_member_is_remembered_from_then_on() -> None:
    questions, members = Questions(), {A}
    questions.members = lambda: members
    ours = asked(questions, B, 2)
    members.add(B)
    asked(questions, STRANGER, 50)
    assert remembered(questions, ours) == [True] * 2


@given(st.lists(st.sampled_from([A, B, C, STRANGER]), max_size=60))
def test_the_memory_is_bounded_and_always_knows_the_newest(callers: list[bytes]) -> None:
    questions = Questions()
    questions.members = lambda: {A, B}
    for caller in callers:
        [newest] = asked(questions, caller, 1)
        assert newest in questions
        assert len(questions._all) == sum(map(len, questions._asked.values())) <= MOST
