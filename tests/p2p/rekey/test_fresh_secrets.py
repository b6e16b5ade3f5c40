"""Secrets that are fresh still: wrapped for some at a time, answered for, erased in time."""

import os

import pytest

from crypto.dh import KeyPair
from crypto.errors import RemoteError
from crypto.wrap import commitment, ephemeral_of, unwrap
from p2p.rekey import fresh_secrets
from p2p.rekey.fresh_secrets import ANSWER_GAP_S, ASKERS_MAX, ASKS_MAX, FreshSecret, FreshSecrets
from tests.p2p.rekey.fakeroom import FakeEpoch

SHARED = b"a" * 32
SECRET = bytes(range(32))
PAIRS = [KeyPair(bytes((n,)) * 32) for n in range(1, 8)]
RECEIVERS = [(bytes((n,)) * 16, pair.public) for n, pair in enumerate(PAIRS)]


def record(name: bytes = b"e", secret: bytes = SECRET) -> FakeEpoch:
    ephemeral = ephemeral_of(secret).public
    return FakeEpoch(name * 16, b"a" * 16, (), 0, "kick", ephemeral, commitment(secret), b"", ())


def opened(wraps: tuple[bytes, ...]) -> list[int]:
    """Who of all finds its wrap."""
    epoch, found = record(), []
    for number, ((member, _), pair) in enumerate(zip(RECEIVERS, PAIRS, strict=True)):
        try:
            secret = unwrap(wraps, epoch.ephemeral, member, pair, epoch.commit, SHARED)
        except RemoteError:
            continue
        assert secret == SECRET
        found.append(number)
    return found


def drained(held: FreshSecrets, now: float) -> list[int]:
    found = []
    while (message := held.wraps(now)) is not None:
        found += opened(message.wraps)
    return found


def test_whoever_holds_the_secret_makes_the_same_wraps() -> None:
    one, other = (FreshSecret(record(), SECRET, 2.0) for _ in range(2))
    one.wrap_for(RECEIVERS)
    other.wrap_for(RECEIVERS)
    wraps = one.some(SHARED)
    assert wraps == other.some(SHARED)
    assert opened(wraps) == list(range(7))


def test_under_a_record_that_names_another_ephemeral_key_nothing_is_wrapped() -> None:
    with pytest.raises(RemoteError):
        FreshSecret(record(secret=os.urandom(32)), SECRET, 2.0)


def test_wraps_come_some_at_a_time_and_the_secret_is_zeroed_when_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fresh_secrets, "WRAPS_AT_ONCE", 3)
    held, fresh = FreshSecrets(SHARED), FreshSecret(record(), SECRET, 0.0)
    held.take(fresh, RECEIVERS)
    assert held.is_wrapping
    sizes = []
    while (message := held.wraps(0.0)) is not None:
        sizes.append(len(message.wraps))
    assert sizes == [3, 3, 1]
    assert not held.is_wrapping
    assert not held.holds(record().id)
    assert not any(fresh._secret)


def test_receive_keys_of_no_use_keep_nobody_from_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh_secrets, "WRAPS_AT_ONCE", 1)
    held = FreshSecrets(SHARED)
    held.take(FreshSecret(record(), SECRET, 0.0), [(b"x" * 16, bytes(32)), *RECEIVERS[:1]])
    assert drained(held, 0.0) == [0]


def test_what_is_replaced_is_erased_at_once_though_some_still_wait() -> None:
    held, fresh = FreshSecrets(SHARED), FreshSecret(record(), SECRET, 2.0)
    held.take(fresh, RECEIVERS)
    held.on_timer(lambda _: True, 1.0)
    assert held.holds(record().id)
    held.on_timer(lambda _: False, 1.0)
    assert not held.holds(record().id)
    assert not any(fresh._secret)
    assert held.wraps(1.0) is None


def test_who_asks_is_answered_with_others_a_moment_later_for_two_seconds() -> None:
    held = FreshSecrets(SHARED)
    held.take(FreshSecret(record(), SECRET, 2.0), [])
    assert held.next_timer == 2.0
    held.ask(RECEIVERS[2], record().id)
    held.on_timer(lambda _: True, 0.5)
    assert drained(held, 0.5) == [2]
    for asker in (3, 3, 4):
        held.ask(RECEIVERS[asker], record().id)
    assert held.next_timer == 0.5 + ANSWER_GAP_S
    held.on_timer(lambda _: True, 0.5 + ANSWER_GAP_S / 2)
    assert drained(held, 0.55) == []
    held.on_timer(lambda _: True, 0.5 + ANSWER_GAP_S)
    assert drained(held, 0.6) == [3, 4]
    held.on_timer(lambda _: True, 2.0)
    assert not held.holds(record().id)


def test_one_asks_so_often_and_so_many_ask() -> None:
    fresh = FreshSecret(record(), SECRET, 2.0)
    for _ in range(ASKS_MAX):
        fresh.ask(RECEIVERS[0])
    with pytest.raises(RemoteError):
        fresh.ask(RECEIVERS[0])
    for number in range(1, ASKERS_MAX):
        fresh.ask((number.to_bytes(16, "little"), PAIRS[0].public))
    with pytest.raises(RemoteError):
        fresh.ask((b"one more".ljust(16), PAIRS[0].public))


def test_two_epochs_at_once_are_each_wrapped_for() -> None:
    held, other = FreshSecrets(SHARED), os.urandom(32)
    held.take(FreshSecret(record(), SECRET, 2.0), RECEIVERS)
    held.take(FreshSecret(record(b"f", other), other, 2.0), RECEIVERS)
    epochs = [message.epoch_id[:1] for message in iter(lambda: held.wraps(0.0), None)]
    assert epochs == [b"e", b"f"]
    assert FreshSecrets(SHARED).next_timer == float("inf")
