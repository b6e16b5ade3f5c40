"""Frame keys that are kept for a while."""

import pytest

from crypto.errors import LocalError
from crypto.frame_keys import MAX_KEYS, FrameKeys
from crypto.frontier import Frontier

ONE, TWO, MEMBER = b"1" * 16, b"2" * 16, b"m" * 16
BOTH, FIRST = Frontier.of([ONE, TWO]), Frontier.of([ONE])


def no_base() -> bytearray:
    raise AssertionError("it is here already")


def test_a_key_is_derived_once_and_what_it_came_from_is_zeroed() -> None:
    keys, base = FrameKeys(), bytearray(b"b" * 32)
    key = keys.get(FIRST, 1, MEMBER, 7, lambda: base)
    assert base == bytes(32)
    assert keys.get(FIRST, 1, MEMBER, 7, no_base) is key
    assert keys.get(FIRST, 2, MEMBER, 7, lambda: bytearray(32)) is not key


def test_keys_end_with_their_step_and_with_each_of_their_epochs() -> None:
    keys = FrameKeys()
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
    keys = FrameKeys()
    for step in range(MAX_KEYS + 1):
        keys.get(FIRST, 1, MEMBER, step, lambda: bytearray(32))
    assert len(keys) == 1


def test_a_slot_that_is_none_has_no_key() -> None:
    with pytest.raises(LocalError):
        FrameKeys().get(FIRST, 64, MEMBER, 0, lambda: bytearray(32))
