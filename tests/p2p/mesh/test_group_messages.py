import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings

from crypto.epoch import Keyring
from crypto.handover import keyring_from
from p2p.errors import LocalError, RemoteError
from p2p.mesh.group_messages import HELD_MAX, HOLD_S, MESSAGE_BYTES_MAX, SIZES, Gossip, Told
from p2p.wire.relay_messages import EVERYBODY
from tests.rings import adopt

A, B, C = b"a" * 16, b"b" * 16, b"c" * 16
ROOM = b"r" * 32
NEXT, SECRET = b"n" * 16, b"s" * 32


def a_pair() -> tuple[Gossip, Gossip, Keyring, Keyring]:
    ours = Keyring.create(os.urandom)
    theirs = keyring_from(ours.export(0), 0, 0.0, bytes(16))
    return Gossip(ours, ROOM, os.urandom), Gossip(theirs, ROOM, os.urandom), ours, theirs


@given(st.binary(max_size=MESSAGE_BYTES_MAX))
def test_what_one_member_seals_another_opens_in_one_of_few_sizes(message: bytes) -> None:
    here, there, _, _ = a_pair()
    blob = here.seal(message, A, B)
    assert blob is not None
    assert there.open(blob, A, B, 0.0) == Told(A, message)
    assert len(blob) - 47 in SIZES


def test_what_is_too_long_is_our_own_mistake() -> None:
    here, _, _, _ = a_pair()
    with pytest.raises(LocalError):
        here.seal(bytes(MESSAGE_BYTES_MAX + 1), A, B)


def test_what_does_not_open_casts_doubt_on_a_secret_that_somebody_gave() -> None:
    ours = Keyring.create(os.urandom)
    ((epoch, _, pass_),) = ours.export(0)
    theirs = keyring_from([(epoch, SECRET, pass_)], 0, 0.0, C)
    blob = Gossip(ours, ROOM, os.urandom).seal(b"hello", A, B) or b""
    with pytest.raises(RemoteError, match="seal"):
        Gossip(theirs, ROOM, os.urandom).open(blob, A, B, 0.0)
    assert theirs.doubted == (epoch,)


@pytest.mark.parametrize("at", [-1, 6, 40])
def test_a_changed_blob_is_refused(at: int) -> None:
    here, there, _, _ = a_pair()
    blob = bytearray(here.seal(b"hello", A, B) or b"")
    blob[at] ^= 1
    with pytest.raises(RemoteError):
        there.open(bytes(blob), A, B, 0.0)
    assert there.counters.total() == 1


@pytest.mark.parametrize(
    ("frm", "to", "room"),
    [(C, B, ROOM), (A, C, ROOM), (A, EVERYBODY, ROOM), (B, A, ROOM), (A, B, b"s" * 32)],
    ids=["another sender", "another receiver", "all", "the other way round", "another room"],
)
def test_a_relay_that_names_another_sender_or_receiver_makes_it_unreadable(frm, to, room) -> None:
    here, _, _, theirs = a_pair()
    there = Gossip(theirs, room, os.urandom)
    with pytest.raises(RemoteError, match="seal"):
        there.open(here.seal(b"hello", A, B) or b"", frm, to, 0.0)


@pytest.mark.parametrize("length", [0, 48, 14_048])
def test_a_blob_of_another_length_is_refused(length: int) -> None:
    _, there, _, _ = a_pair()
    with pytest.raises(RemoteError, match="length"):
        there.open(bytes(length), A, B, 0.0)


def test_what_is_sealed_under_a_key_of_somebody_who_was_shut_out_is_told_apart() -> None:
    here, there, ours, theirs = a_pair()
    before = here.seal(b"from whom?", A, B) or b""
    epoch = ours.frontier.ids
    theirs.hold(NEXT, SECRET, 0)
    theirs.set_heads([NEXT], shut=True)
    assert there.open(before, A, B, 0.0) == Told(A, b"from whom?", private=False)
    adopt(ours, NEXT, SECRET, 0, epoch)
    assert there.open(here.seal(b"from a member", A, B) or b"", A, B, 0.0) == Told(
        A, b"from a member"
    )


def test_a_liar_with_the_key_cannot_point_behind_the_end() -> None:
    here, there, ours, _ = a_pair()
    blob = here.seal(b"", A, B) or b""
    key = bytes(ours.gossip_key(0, ours.frontier))
    head, nonce = blob[:7], blob[7:31]
    plain = b"\xff\xff".ljust(256, b"\0")
    lie = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        plain, head + ROOM + A + B, nonce, key
    )
    with pytest.raises(RemoteError, match="padding"):
        there.open(head + nonce + lie, A, B, 0.0)


def test_what_comes_before_its_key_is_held_and_opened_when_the_key_is_here() -> None:
    here, there, ours, theirs = a_pair()
    adopt(ours, NEXT, SECRET, 0, ours.frontier.ids)
    blob = here.seal(b"under the new key", A, B)
    assert blob is not None
    assert there.open(blob, A, B, 1.0) is None
    assert there.retry(1.5) == []
    adopt(theirs, NEXT, SECRET, 0, theirs.frontier.ids)
    assert there.retry(2.0) == [Told(A, b"under the new key")]
    assert there.retry(2.0) == []


def test_what_waits_too_long_or_is_too_much_is_given_up() -> None:
    here, there, ours, theirs = a_pair()
    adopt(ours, NEXT, SECRET, 0, ours.frontier.ids)
    for _ in range(HELD_MAX + 1):
        there.open(here.seal(b"x", A, B) or b"", A, B, 1.0)
    assert there.counters["key"] == 1
    adopt(theirs, NEXT, SECRET, 0, theirs.frontier.ids)
    assert there.retry(1.0 + HOLD_S) == []
    assert there.counters["key"] == 1 + HELD_MAX


def test_forged_blobs_that_were_held_are_dropped_when_the_key_comes() -> None:
    here, there, ours, theirs = a_pair()
    adopt(ours, NEXT, SECRET, 0, ours.frontier.ids)
    blob = bytearray(here.seal(b"x", A, B) or b"")
    blob[-1] ^= 1
    assert there.open(bytes(blob), A, B, 1.0) is None
    adopt(theirs, NEXT, SECRET, 0, theirs.frontier.ids)
    assert there.retry(1.0) == []
    assert there.counters["seal"] == 1


def test_nothing_is_said_under_a_key_of_somebody_who_was_shut_out() -> None:
    here, _, ours, _ = a_pair()
    ours.waiting = True
    assert here.seal(b"secret", A, B) is None


def test_a_key_of_long_ago_opens_nothing() -> None:
    here, there, _, theirs = a_pair()
    blob = here.seal(b"x", A, B)
    assert blob is not None
    theirs.advance(35.0)
    with pytest.raises(RemoteError, match="step"):
        there.open(blob, A, B, 0.0)
