"""A fresh secret, its record, and its wraps."""

import os
from collections.abc import Iterable

from crypto.dh import KeyPair
from crypto.identity import Identity
from crypto.relaypass import pass_public
from crypto.wrap import WRAP_BYTES, unwrap
from p2p.rekey.commit import first_epoch, next_epoch, slice_wraps
from tests.p2p.rekey.fakeroom import FakeEpoch, FakeRoom

HOST, *OTHERS = (Identity(bytes((n,)) * 32, bytes((n + 9,)) * 32) for n in range(1, 5))
SHARED = b"a" * 32
RECV = [KeyPair(bytes((n,)) * 32) for n in range(20, 23)]


def opened(wraps: Iterable[bytes], epoch: FakeEpoch, other: int) -> bytes:
    """What one of the others finds in wraps."""
    member, recv = OTHERS[other].member_id, RECV[other]
    return bytes(unwrap(wraps, epoch.ephemeral, member, recv, epoch.commit, SHARED))


def a_room() -> FakeRoom:
    room = FakeRoom(HOST)
    room.join(HOST, 0)
    for other, recv in zip(OTHERS, RECV, strict=True):
        room.join(other, 4, recv.public)
    return room


def test_a_room_begins_with_a_key_that_its_record_commits_to() -> None:
    room = FakeRoom(HOST)
    room.join(HOST, 0)
    keyring = first_epoch(room, os.urandom)
    (epoch,) = room.written
    assert (epoch.parents, epoch.step, epoch.why) == ((), 0, "start")
    assert epoch.members == (HOST.member_id,)
    assert keyring.frontier.ids == (epoch.id,)
    assert pass_public(keyring.pass_) == epoch.pass_public


def test_the_next_is_wrapped_for_all_others_and_held_but_not_turned_to() -> None:
    room = a_room()
    keyring = first_epoch(room, os.urandom)
    (first,) = room.written
    wrapping = next_epoch(room, keyring, [first], "asked", os.urandom, SHARED)
    epoch = room.written[-1]
    wraps = wrapping.some(9)
    assert wrapping.done
    assert len(wraps) == 3
    assert set(epoch.members) == {HOST.member_id, *(other.member_id for other in OTHERS)}
    assert keyring.frontier.ids == (first.id,)
    ((_, secret, pass_),) = keyring.export(0, [epoch.id])
    assert pass_public(pass_) == epoch.pass_public
    assert all(opened(wraps, epoch, other) == secret for other in range(3))


def test_who_speaks_is_wrapped_for_first_and_the_secret_is_zeroed_after_the_last() -> None:
    room = a_room()
    keyring = first_epoch(room, os.urandom)
    room.state.slots = {1: HOST.member_id, 2: OTHERS[2].member_id}
    wrapping = next_epoch(room, keyring, room.written, "asked", os.urandom, SHARED)
    epoch = room.written[-1]
    secret = wrapping._secret
    (first,) = wrapping.some(1)
    assert (
        unwrap([first], epoch.ephemeral, OTHERS[2].member_id, RECV[2], epoch.commit, SHARED)
        == secret
    )
    assert not wrapping.done
    assert len(wrapping.some(5)) == 2
    assert wrapping.done
    assert not any(secret)


def test_what_is_stopped_wraps_for_nobody_else() -> None:
    room = a_room()
    wrapping = next_epoch(
        room, first_epoch(room, os.urandom), room.written, "kick", os.urandom, SHARED
    )
    secret = wrapping._secret
    wrapping.stop()
    assert wrapping.some(5) == ()
    assert not any(secret)


def test_each_branch_gets_only_the_wraps_of_its_members() -> None:
    room = a_room()
    keyring = first_epoch(room, os.urandom)
    wraps = next_epoch(room, keyring, room.written, "asked", os.urandom, SHARED).some(9)
    epoch = room.written[-1]
    branch = [OTHERS[0].member_id, OTHERS[2].member_id, b"x" * 16]
    sliced = slice_wraps(wraps, epoch.ephemeral, branch)
    assert len(sliced) == 2
    assert {len(wrap) for wrap in sliced} == {WRAP_BYTES}
    secret = unwrap(sliced, epoch.ephemeral, OTHERS[0].member_id, RECV[0], epoch.commit, SHARED)
    assert (
        unwrap(sliced, epoch.ephemeral, OTHERS[2].member_id, RECV[2], epoch.commit, SHARED)
        == secret
    )
    assert slice_wraps(wraps, epoch.ephemeral, []) == ()
