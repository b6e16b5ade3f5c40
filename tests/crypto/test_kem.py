"""ML-KEM-768 and what a line's messages are sealed with by it."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import RemoteError
from crypto.kem import (
    CIPHERTEXT_BYTES,
    ENCAPSULATION_KEY_BYTES,
    SEAL_BYTES,
    DecapsulationKey,
    LineCipher,
    encapsulate,
)

TIE = b"t" * 64


def both_ends() -> tuple[LineCipher, LineCipher]:
    key = DecapsulationKey(os.urandom)
    ours, ciphertext = encapsulate(key.public, TIE)
    return ours, key.open(ciphertext, TIE)


@given(st.lists(st.binary(max_size=300), max_size=5), st.lists(st.binary(max_size=300), max_size=5))
def test_messages_pass_both_ways_in_order(there: list[bytes], back: list[bytes]) -> None:
    asking, asked = both_ends()
    assert [asked.open(asking.seal(each)) for each in there] == there
    assert [asking.open(asked.seal(each)) for each in back] == back


def test_lengths_are_those_of_the_standard() -> None:
    key = DecapsulationKey(os.urandom)
    cipher, ciphertext = encapsulate(key.public, TIE)
    assert len(key.public) == ENCAPSULATION_KEY_BYTES == 1184
    assert len(ciphertext) == CIPHERTEXT_BYTES == 1088
    assert len(cipher.seal(b"")) == SEAL_BYTES


def test_a_key_follows_from_the_bytes_it_was_given() -> None:
    keys = [DecapsulationKey(lambda size: b"k" * size) for _ in range(2)]
    assert keys[0].public == keys[1].public
    assert keys[0].public != DecapsulationKey(os.urandom).public


def test_what_is_repeated_skipped_changed_or_turned_back_does_not_open() -> None:
    asking, asked = both_ends()
    first, second = asking.seal(b"one"), asking.seal(b"two")
    for wrong in (second, first[:-1], first[:-1] + bytes((first[-1] ^ 1,)), b"", bytes(16)):
        with pytest.raises(RemoteError):
            asked.open(wrong)
    with pytest.raises(RemoteError):
        asking.open(first)
    assert asked.open(first) == b"one"
    with pytest.raises(RemoteError):
        asked.open(first)
    assert asked.open(second) == b"two"


@pytest.mark.parametrize(
    "public",
    [b"", bytes(1183), bytes(1185), b"\xff" * 1184],
    ids=["empty", "short", "long", "not reduced"],
)
def test_what_is_no_encapsulation_key_is_refused(public: bytes) -> None:
    with pytest.raises(RemoteError, match="unusable"):
        encapsulate(public, TIE)


@pytest.mark.parametrize("length", [0, 1087, 1089])
def test_a_ciphertext_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(RemoteError, match="length"):
        DecapsulationKey(os.urandom).open(bytes(length), TIE)


def test_a_ciphertext_for_another_key_gives_keys_that_open_nothing() -> None:
    """Implicit rejection: it does not say so, the first message does."""
    ours, others = DecapsulationKey(os.urandom), DecapsulationKey(os.urandom)
    cipher, ciphertext = encapsulate(others.public, TIE)
    changed = ciphertext[:-1] + bytes((ciphertext[-1] ^ 1,))
    for wrong, key in ((ciphertext, ours), (changed, others)):
        with pytest.raises(RemoteError, match="next message"):
            key.open(wrong, TIE).open(cipher.seal(b"?"))


def test_keys_are_those_of_one_line() -> None:
    key = DecapsulationKey(os.urandom)
    cipher, ciphertext = encapsulate(key.public, TIE)
    with pytest.raises(RemoteError):
        key.open(ciphertext, b"u" * 64).open(cipher.seal(b"?"))
