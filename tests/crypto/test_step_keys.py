"""Frame keys that are kept for a while."""

import os

import pytest

from crypto.epoch import Keyring
from crypto.errors import LocalError
from crypto.frontier import Frontier
from crypto.step_keys import MAX_KEYS, StepKeys
from tests.rings import adopt

ONE, TWO, MEMBER = b"1" * 16, b"2" * 16, b"m" * 16
BOTH, FIRST = Frontier.of([ONE, TWO]), Frontier.of([ONE])


def no_base() -> bytearray:
    raise AssertionError("it is here already")


def test_a_key_is_derived_once_and_what_it_came_from_is_zeroed() -> None:
    keys, base = StepKeys(), bytearray(b"b" * 32)
    key = keys.get(FIRST, 1, MEMBER, 7, lambda: base)
    assert base == bytes(32)
    assert keys.get(FIRST, 1, MEMBER, 7, no_base) is key
    assert keys.get(FIRST, 2, MEMBER, 7, lambda: bytearray(32)) is not key


def test_keys_end_with_their_step_and_with_each_of_their_epochs() -> None:
    keys = StepKeys()
    for frontier, step in ((BOTH, 7), (FIRST, 7), (FIRST, 6)):
        keys.get(frontier, 1, MEMBER, step, lambda: bytearray(32))
    keys.keep({ONE, TWO}, 7)
    assert len(keys) == 2
    keys.keep({ONE}, 7)
    assert len(keys) == 1
    keys.get(FIRST, 1, MEMBER, 7, no_base)
    keys.clear()
    assert len(keys) == 0


def test_what_is_kept_is_bounded() -> None:
    keys = StepKeys()
    for step in range(MAX_KEYS + 1):
        keys.get(FIRST, 1, MEMBER, step, lambda: bytearray(32))
    assert len(keys) == 1


def test_a_slot_that_is_none_has_no_key() -> None:
    with pytest.raises(LocalError):
        StepKeys().get(FIRST, 64, MEMBER, 0, lambda: bytearray(32))


def test_what_relays_carry_is_sealed_under_one_key_until_anything_changes() -> None:
    ring = Keyring.create(os.urandom)
    first = ring.seal_gossip()
    assert ring.keys.gossip is first
    assert first.key == ring.gossip_key(first.step, ring.frontier)
    ring.advance(9.0)
    assert ring.keys.gossip is first
    for change in (
        lambda: ring.advance(10.0),
        lambda: ring.advance(12.0),
        lambda: adopt(ring, TWO, os.urandom(32), 1, ring.frontier.ids),
        ring.erase,
    ):
        before = ring.seal_gossip()
        change()
        assert ring.keys.gossip is None
        assert before.key == bytes(32), "it is zeroed, not only forgotten"
