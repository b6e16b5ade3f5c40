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
AUTHOR, OTHER = b"a" * 16, b"o" * 16
MANY = 1000


@given(members)
def test_every_member_finds_the_wrap_that_was_made_for_it(ids: list[bytes]) -> None:
    shelf = WrapShelf()
    made = wrap_all(b"s" * 32, [(member, RECV) for member in ids], EPHEMERAL, bytes(32))
    assert shelf.put(b"epoch", made, AUTHOR, MANY) == tuple(made)
    for member, its in zip(ids, made, strict=True):
        assert its in shelf.find(b"epoch", KEY, member)
    assert set(shelf.all(b"epoch")) == set(made)
    assert shelf.find(b"other", KEY, ids[0]) == ()
    assert shelf.epochs() == [b"epoch"]


def test_two_members_with_one_tag_both_get_theirs() -> None:
    shelf, (one, two) = WrapShelf(), namesakes()
    shelf.put(b"epoch", [wrap(one)], AUTHOR, MANY)
    shelf.put(b"epoch", [wrap(two)], AUTHOR, MANY)
    assert (
        shelf.find(b"epoch", KEY, one) == shelf.find(b"epoch", KEY, two) == (wrap(one), wrap(two))
    )


def test_what_is_there_already_is_not_new_whoever_brings_it() -> None:
    shelf = WrapShelf()
    assert shelf.put(b"epoch", [wrap(ONE), wrap(ONE)], AUTHOR, MANY) == (wrap(ONE),)
    assert shelf.put(b"epoch", [wrap(ONE), wrap(TWO)], OTHER, MANY) == (wrap(TWO),)


def test_one_source_uses_up_its_own_measure_and_nobody_elses() -> None:
    shelf = WrapShelf()
    false = [bytes((number,)) * 52 for number in range(8)]
    assert shelf.put(b"epoch", false, OTHER, 3) == tuple(false[:3])
    assert shelf.put(b"epoch", false[3:], OTHER, 3) == ()
    assert shelf.put(b"epoch", [wrap(ONE)], AUTHOR, 3) == (wrap(ONE),)
    assert shelf.put(b"other", false[:1], OTHER, 3) == tuple(false[:1])


def test_what_the_shelf_has_no_room_for_is_passed_on_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wraps, "WRAPS_MAX", 1)
    shelf = WrapShelf()
    assert shelf.put(b"epoch", [wrap(ONE), wrap(TWO)], OTHER, MANY) == (wrap(ONE), wrap(TWO))
    assert shelf.put(b"epoch", [wrap(TWO)], AUTHOR, MANY) == (wrap(TWO),)
    assert shelf.all(b"epoch") == [wrap(ONE)]


def test_tags_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wraps, "WRAPS_MAX", 2)
    shelf = WrapShelf()
    for number in range(5):
        member = bytes((number,)) * 16
        assert shelf.tag(b"epoch", KEY, member) == wrap(member)[:4]
        assert shelf.tag(b"epoch", KEY, member) == wrap(member)[:4]
    assert len(shelf._shelves[b"epoch"].tags) <= 2


def test_wraps_of_epochs_that_are_over_are_forgotten() -> None:
    shelf = WrapShelf()
    shelf.put(b"old", [wrap(ONE), wrap(TWO)], AUTHOR, MANY)
    shelf.put(b"new", [wrap(ONE)], AUTHOR, MANY)
    shelf.keep_only([b"new"])
    assert shelf.epochs() == [b"new"]
    assert shelf.all(b"old") == []
