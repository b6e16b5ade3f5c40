"""A fresh secret and its record, and the wraps that go down one branch."""

import os

from crypto.dh import KeyPair
from crypto.identity import Identity
from crypto.relaypass import pass_public
from crypto.wrap import WRAP_BYTES, commitment, unwrap, wrap_all
from p2p.rekey.commit import first_epoch, next_epoch, slice_wraps
from tests.p2p.rekey.fakeroom import FakeRoom

HOST, *OTHERS = (Identity(bytes((n,)) * 32, bytes((n + 9,)) * 32) for n in range(1, 5))
SHARED = b"a" * 32
RECV = [KeyPair(bytes((n,)) * 32) for n in range(20, 23)]
RECEIVERS = [(other.member_id, recv.public) for other, recv in zip(OTHERS, RECV, strict=True)]


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


def test_the_next_is_for_the_whole_roster_and_held_but_not_turned_to() -> None:
    room = a_room()
    keyring = first_epoch(room, os.urandom)
    (first,) = room.written
    epoch_id, secret = next_epoch(room, keyring, [first], "asked", os.urandom)
    epoch = room.written[-1]
    assert epoch_id == epoch.id
    assert epoch.commit == commitment(secret)
    assert set(epoch.members) == {HOST.member_id, *(other.member_id for other in OTHERS)}
    assert keyring.frontier.ids == (first.id,)
    ((_, held, pass_),) = keyring.export(0, [epoch.id])
    assert held == secret
    assert pass_public(pass_) == epoch.pass_public


def test_each_branch_gets_only_the_wraps_of_its_members() -> None:
    secret, ephemeral = os.urandom(32), KeyPair.generate(os.urandom)
    wraps = wrap_all(secret, RECEIVERS, ephemeral, SHARED)
    branch = [OTHERS[0].member_id, OTHERS[2].member_id, b"x" * 16]
    sliced = slice_wraps(wraps, ephemeral.public, branch)
    assert len(sliced) == 2
    assert {len(wrap) for wrap in sliced} == {WRAP_BYTES}
    for other in (0, 2):
        (member, _), recv = RECEIVERS[other], RECV[other]
        commit = commitment(secret)
        assert unwrap(sliced, ephemeral.public, member, recv, commit, SHARED) == secret
    assert slice_wraps(wraps, ephemeral.public, []) == ()
