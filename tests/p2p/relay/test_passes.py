"""Passes of epochs that come and go, for members who sat at a relay and for others."""

import pytest

from crypto.relaypass import pass_public
from p2p.relay import passes as passes_module
from p2p.relay.passes import OLD_PASS_S, Passes

OLD, NEW = b"o" * 32, b"n" * 32
SAT, STRANGER, OUT = b"s" * 16, b"?" * 16, b"x" * 16
NOBODY: frozenset[bytes] = frozenset()
GONE = frozenset([OUT])


def replaced(removed: frozenset[bytes] = NOBODY) -> Passes:
    """At second 10 one epoch takes the place of another."""
    passes = Passes()
    passes.follow([pass_public(OLD)], NOBODY, [], 0.0)
    passes.saw([SAT], 5.0)
    passes.follow([pass_public(NEW)], removed, [], 10.0)
    return passes


def opens(
    passes: Passes,
    key: bytes,
    member: bytes,
    now: float = 11.0,
    removed: frozenset[bytes] = GONE,
    locked: bool = False,
) -> bool:
    return passes.opens(pass_public(key), member, removed, now, locked=locked)


def test_the_pass_in_force_opens_for_anybody_and_another_for_nobody() -> None:
    passes = replaced(GONE)
    assert opens(passes, NEW, STRANGER, locked=True)
    assert not opens(passes, b"another".ljust(32), SAT)


def test_after_a_removal_an_old_pass_opens_only_for_those_who_sat_before() -> None:
    passes = replaced(GONE)
    assert opens(passes, OLD, SAT)
    assert not opens(passes, OLD, STRANGER)
    passes.saw([STRANGER], 10.5)
    assert not opens(passes, OLD, STRANGER)


def test_a_removal_that_comes_before_or_after_the_new_epoch_counts_alike() -> None:
    passes = Passes()
    passes.follow([pass_public(OLD)], NOBODY, [], 0.0)
    passes.follow([pass_public(OLD)], GONE, [], 9.9)
    passes.follow([pass_public(NEW)], GONE, [], 10.0)
    assert not opens(passes, OLD, STRANGER)
    assert not opens(replaced(NOBODY), OLD, STRANGER)


def test_without_a_removal_an_old_pass_opens_for_newcomers_unless_the_room_is_locked() -> None:
    passes = replaced()
    assert opens(passes, OLD, STRANGER, removed=NOBODY)
    assert not opens(passes, OLD, STRANGER, removed=NOBODY, locked=True)
    assert opens(passes, OLD, SAT, removed=NOBODY, locked=True)


def test_an_old_pass_is_over_after_a_minute() -> None:
    passes = replaced()
    assert opens(passes, OLD, SAT, 10.0 + OLD_PASS_S)
    assert not opens(passes, OLD, SAT, 10.1 + OLD_PASS_S)
    passes.follow([pass_public(NEW)], NOBODY, [], 10.1 + OLD_PASS_S)
    assert not opens(passes, OLD, SAT, 11.0)


def test_a_pass_that_is_in_force_again_is_as_old_as_it_was() -> None:
    passes = replaced(GONE)
    passes.follow([pass_public(OLD)], GONE, [], 11.0)
    assert opens(passes, OLD, STRANGER, 12.0)
    passes.follow([pass_public(NEW)], GONE, [], 13.0)
    assert not opens(passes, OLD, STRANGER, 14.0)


def test_who_sits_is_remembered_longer_than_who_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes_module, "SAT_MAX", 2)
    passes = Passes()
    passes.follow([pass_public(OLD)], NOBODY, [], 0.0)
    passes.saw([SAT, b"1" * 16], 1.0)
    passes.follow([pass_public(NEW)], GONE, [SAT], 10.0)
    passes.saw([b"2" * 16], 11.0)
    assert opens(passes, OLD, SAT, 12.0)
    assert not opens(passes, OLD, b"1" * 16, 12.0)
