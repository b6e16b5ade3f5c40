"""Wraps on a relay's shelf, made as members make them."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.dh import KeyPair
from crypto.wrap import wrap_all
from p2p.relay import wraps
from p2p.relay.wraps import WrapShelf

EPHEMERAL = KeyPair(b"e" * 32)
RECV = KeyPair(b"r" * 32).public
KEY = EPHEMERAL.public
members = st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=8, unique=True)


def wrap(member: bytes) -> bytes:
    [made] = wrap_all(b"s" * 32, [(member, RECV)], EPHEMERAL, bytes(32))
    return made


def namesakes() -> tuple[bytes, bytes]:
    """Two members whose wraps have one tag; four bytes leave some in every 80,000 ids."""
    tags: dict[bytes, bytes] = {}
    for number in range(1 << 20):
        member = number.to_bytes(16, "big")
        # Written out: docs/protocol.md, section 7.
        tag = hashlib.blake2b(KEY + member, digest_size=4, person=b"teahouse/wrap").digest()
        if tag in tags:
            return tags[tag], member
        tags[tag] = member
    raise AssertionError("none")


ONE, TWO = b"1" * 16, b"2" * 16


@given(members)
def test_every_member_finds_the_wrap_that_was_made_for_it(ids: list[bytes]) -> None:
    shelf = WrapShelf()
    made = wrap_all(b"s" * 32, [(member, RECV) for member in ids], EPHEMERAL, bytes(32))
    assert shelf.put(b"epoch", made) == tuple(made)
    for member, its in zip(ids, made, strict=True):
        assert its in shelf.find(b"epoch", KEY, member)
    assert set(shelf.all(b"epoch")) == set(made)
    assert shelf.find(b"other", KEY, ids[0]) == ()
    assert shelf.epochs() == [b"epoch"]


def test_two_members_with_one_tag_both_get_theirs() -> None:
    shelf, (one, two) = WrapShelf(), namesakes()
    shelf.put(b"epoch", [wrap(one)])
    shelf.put(b"epoch", [wrap(two)])
    assert (
        shelf.find(b"epoch", KEY, one) == shelf.find(b"epoch", KEY, two) == (wrap(one), wrap(two))
    )


def test_what_is_there_already_is_not_new() -> None:
    shelf = WrapShelf()
    assert shelf.put(b"epoch", [wrap(ONE), wrap(ONE)]) == (wrap(ONE),)
    assert shelf.put(b"epoch", [wrap(ONE), wrap(TWO)]) == (wrap(TWO),)


def test_wraps_of_epochs_that_are_over_are_forgotten_and_all_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wraps, "WRAPS_MAX", 1)
    shelf = WrapShelf()
    assert shelf.put(b"old", [wrap(ONE), wrap(TWO)]) == (wrap(ONE),)
    assert shelf.put(b"old", [wrap(TWO)]) == ()
    shelf.put(b"new", [wrap(ONE)])
    shelf.keep_only([b"new"])
    assert shelf.epochs() == [b"new"]
