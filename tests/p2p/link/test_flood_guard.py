"""Which questions a door looks at, on a virtual clock."""

import os

import pytest

from crypto.cookie import MAC2_AT, MAC2_BYTES, read_cookie, with_cookie
from p2p.link import flood_guard
from p2p.link.flood_guard import COOKIE_RATE, SOURCE_RATE, UNPROVEN_RATE, FloodGuard

SOURCE = ("198.51.100.1", 4433)
QUESTION = bytes(MAC2_AT) + bytes(MAC2_BYTES) + b"q" * 479


def flooded(now: float = 0.0) -> FloodGuard:
    guard = FloodGuard(os.urandom, now)
    for _ in range(int(UNPROVEN_RATE.burst)):
        assert guard.is_proven(QUESTION, SOURCE, now)
    assert not guard.is_proven(QUESTION, SOURCE, now)
    return guard


def test_while_few_ask_none_has_to_prove_its_address() -> None:
    guard = flooded()
    assert guard.is_proven(QUESTION, SOURCE, 1.01 / UNPROVEN_RATE.per_s)


def test_a_cookie_proves_the_address_and_port_that_it_went_to() -> None:
    guard = flooded()
    reply = guard.cookie(QUESTION, SOURCE, 0.0)
    assert reply is not None
    question = with_cookie(QUESTION, read_cookie(reply))
    assert not guard.is_proven(question, (SOURCE[0], 4434), 0.0)
    assert not guard.is_proven(question, ("198.51.100.2", SOURCE[1]), 0.0)
    assert guard.is_proven(question, SOURCE, 0.0)


def test_cookies_are_not_given_out_without_end() -> None:
    guard = flooded()
    for _ in range(int(COOKIE_RATE.burst)):
        assert guard.cookie(QUESTION, SOURCE, 0.0) is not None
    assert guard.cookie(QUESTION, SOURCE, 0.0) is None


def test_a_door_that_asks_for_no_proof_has_no_cookies() -> None:
    guard = FloodGuard(None, 0.0)
    for _ in range(2 * int(UNPROVEN_RATE.burst)):
        assert guard.is_proven(QUESTION, SOURCE, 0.0)
    assert guard.cookie(QUESTION, SOURCE, 0.0) is None


def test_one_address_asks_so_often_and_no_oftener() -> None:
    guard = FloodGuard(None, 0.0)
    for _ in range(int(SOURCE_RATE.burst)):
        assert guard.allows(SOURCE[0], 0.0)
    assert not guard.allows(SOURCE[0], 0.0)
    assert guard.allows("198.51.100.2", 0.0)
    assert guard.allows(SOURCE[0], 1.01 / SOURCE_RATE.per_s)


def test_the_address_that_asked_last_longest_ago_is_forgotten_when_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flood_guard, "SOURCES_MAX", 2)
    guard = FloodGuard(None, 0.0)
    while guard.allows("192.0.2.1", 0.0):
        pass
    guard.allows("192.0.2.2", 0.0)
    assert not guard.allows("192.0.2.1", 0.0)
    guard.allows("192.0.2.3", 0.0)
    assert list(guard._sources) == ["192.0.2.1", "192.0.2.3"]
    guard.allows("192.0.2.2", 0.0)
    assert guard.allows("192.0.2.1", 0.0)
