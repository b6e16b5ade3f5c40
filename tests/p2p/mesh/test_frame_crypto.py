"""Whose sound is whose, over direct links and by relays, and frames whose key is on its way."""

import os

import pytest

from crypto.epoch import Keyring
from crypto.handover import keyring_from
from p2p.errors import RemoteError
from p2p.mesh.frame_crypto import (
    HELD_MAX,
    HELD_PER_SPEAKER_MAX,
    RELAY,
    FrameCrypto,
    Opened,
)
from p2p.room.ops.kinds import PROFILES
from p2p.wire.hop import TREE_FLAG
from tests.rings import adopt

ALICE, BOB, EVE = b"a" * 16, b"b" * 16, b"e" * 16
SPEAKERS = {1: ALICE, 2: BOB}
HALL = PROFILES.index("hall")
NEXT, FRESH = b"n" * 16, b"f" * 32


def stages(*members: bytes) -> list[FrameCrypto]:
    keyring = Keyring.create(os.urandom)
    heads = keyring.export(0)
    return [
        FrameCrypto(keyring_from(heads, 0, 0.0, bytes(16)), member, os.urandom)
        for member in members
    ]


def turn(stage: FrameCrypto) -> None:
    """The room has a new key, and this member has it."""
    adopt(stage._keyring, NEXT, FRESH, 0, stage._keyring.frontier.ids)


def test_what_a_speaker_seals_the_others_open_on_its_own_link() -> None:
    alice, bob = stages(ALICE, BOB)
    frame = alice.seal(b"payload", 1, 3.0)
    assert bob.open(frame, ALICE, SPEAKERS, 7.0) == Opened(ALICE, b"payload", 7.0)
    assert (alice.sealed, bob.heard(ALICE).opened, bob.heard(ALICE).rejected) == (1, 1, 0)


def test_a_hole_in_what_a_speaker_says_is_loss_also_when_it_was_longer_than_what_is_looked_at() -> (
    None
):
    alice, bob = stages(ALICE, BOB)
    for number in range(600):
        frame = alice.seal(b"payload", 1, 0.0)
        if not 100 <= number < 500:
            bob.open(frame, None, SPEAKERS, number * 0.02)
    assert bob.heard(ALICE).arrivals.loss_pct(12.0) == pytest.approx(80.0, abs=1.0)


def test_what_a_muted_speaker_goes_on_to_say_for_a_moment_is_not_missing() -> None:
    alice, bob = stages(ALICE, BOB)
    bob.open(alice.seal(b"payload", 1, 0.0), ALICE, SPEAKERS, 0.0)
    bob.keep_only([BOB])
    for _ in range(20):
        with pytest.raises(RemoteError):
            bob.open(alice.seal(b"payload", 1, 0.0), ALICE, {2: BOB}, 0.1)
    bob.open(alice.seal(b"payload", 1, 0.0), ALICE, SPEAKERS, 1.0)
    assert bob.heard(ALICE).arrivals.loss_pct(1.0) == 0.0


def test_both_profiles_are_taken_at_any_time() -> None:
    alice, bob = stages(ALICE, BOB)
    frame = alice.seal(b"payload", 1, 3.0, HALL)
    assert frame[0] == HALL
    assert bob.open(frame, ALICE, SPEAKERS, 7.0) == Opened(ALICE, b"payload", 7.0)


def test_a_frame_on_anothers_link_is_refused_and_counted() -> None:
    alice, bob = stages(ALICE, BOB)
    frame = alice.seal(b"payload", 1, 3.0)
    with pytest.raises(RemoteError):
        bob.open(frame, EVE, SPEAKERS, 7.0)
    assert bob.heard(EVE).refused == {"slot": 1}


@pytest.mark.parametrize("tree", [0, TREE_FLAG])
def test_a_relay_brings_the_frames_of_every_speaker(tree: int) -> None:
    alice, bob, carol = stages(ALICE, BOB, b"c" * 16)
    for stage, member, slot in ((alice, ALICE, 1), (bob, BOB, 2)):
        frame = stage.seal(b"payload", slot, 3.0)
        relayed = bytes((frame[0] | tree,)) + frame[1:]
        assert carol.open(relayed, None, SPEAKERS, 7.0) == Opened(member, b"payload", 7.0)


def test_what_a_relay_makes_up_is_counted_where_it_pretends_to_be_from() -> None:
    alice, bob = stages(ALICE, BOB)
    frame = alice.seal(b"payload", 1, 3.0)
    broken = frame[:-1] + bytes((frame[-1] ^ 1,))
    for data, speakers in ((broken, SPEAKERS), (frame, {2: BOB}), (b"", SPEAKERS)):
        with pytest.raises(RemoteError):
            bob.open(data, None, speakers, 7.0)
    assert bob.heard(ALICE).refused == {"seal": 1}
    assert bob.heard(RELAY).refused == {"slot": 1, "hop": 1}


def test_a_member_cannot_speak_from_a_slot_that_is_not_its_own() -> None:
    alice, bob = stages(ALICE, BOB)
    with pytest.raises(RemoteError):
        bob.open(alice.seal(b"payload", 2, 0.0), ALICE, SPEAKERS, 0.0)


@pytest.mark.parametrize("sender", [ALICE, None])
def test_a_removed_members_frames_are_dropped_before_any_key_is_used(
    sender: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = stages(ALICE, BOB)
    frame = alice.seal(b"payload", 1, 3.0)
    monkeypatch.setattr(Keyring, "frame_key", None)
    monkeypatch.setattr(Keyring, "base_key", None)
    with pytest.raises(RemoteError):
        bob.open(frame, sender, {2: BOB}, 7.0)
    assert bob.heard(sender or RELAY).refused == {"slot": 1}


@pytest.mark.parametrize("data", [b"", b"\x80rest", b"\x81rest", b"\x04rest", b"\x10rest"])
def test_an_unknown_hop_byte_is_refused(data: bytes) -> None:
    [bob] = stages(BOB)
    with pytest.raises(RemoteError):
        bob.open(data, ALICE, SPEAKERS, 0.0)
    assert bob.heard(ALICE).refused == {"hop": 1}


def test_a_frame_counts_once() -> None:
    alice, bob = stages(ALICE, BOB)
    frame = alice.seal(b"payload", 1, 0.0)
    bob.open(frame, ALICE, SPEAKERS, 0.0)
    with pytest.raises(RemoteError):
        bob.open(frame, ALICE, SPEAKERS, 0.0)
    assert bob.heard(ALICE).refused == {"replay": 1}


def test_who_waits_for_a_key_seals_nothing() -> None:
    [alice] = stages(ALICE)
    alice._keyring.waiting = True
    assert alice.seal(b"payload", 1, 0.0) is None
    alice._keyring.waiting = False
    alice.held = True
    assert alice.seal(b"payload", 1, 0.0) is None
    alice.held = False
    assert alice.seal(b"payload", 1, 0.0) is not None
    assert alice.sealed == 1


# --- frames that came before their key ------------------------------------------------------------


@pytest.mark.parametrize("sender", [ALICE, None])
def test_frames_under_a_new_key_wait_for_it_in_order(sender: bytes | None) -> None:
    alice, bob = stages(ALICE, BOB)
    turn(alice)
    for number in range(3):
        frame = alice.seal(bytes((number,)), 1, 0.0)
        assert bob.open(frame, sender, SPEAKERS, number / 50) is None
    assert bob.retry(0.1) == []
    turn(bob)
    assert bob.retry(0.2) == [Opened(ALICE, bytes((n,)), n / 50) for n in range(3)]
    assert bob.retry(0.2) == []
    assert (bob.heard(ALICE).opened, bob.heard(ALICE).rejected) == (3, 0)


def test_after_a_second_a_frame_is_given_up() -> None:
    alice, bob = stages(ALICE, BOB)
    turn(alice)
    assert bob.open(alice.seal(b"old", 1, 0.0), ALICE, SPEAKERS, 5.0) is None
    assert bob.retry(6.0) == []
    assert bob.heard(ALICE).refused == {"frontier": 1}
    turn(bob)
    assert bob.retry(6.0) == []


def test_what_is_too_old_gives_way_when_the_next_comes() -> None:
    alice, bob = stages(ALICE, BOB)
    turn(alice)
    assert bob.open(alice.seal(b"old", 1, 0.0), ALICE, SPEAKERS, 5.0) is None
    assert bob.open(alice.seal(b"new", 1, 0.0), ALICE, SPEAKERS, 6.0) is None
    assert bob.heard(ALICE).refused == {"frontier": 1}
    turn(bob)
    assert [opened.payload for opened in bob.retry(6.0)] == [b"new"]


def test_who_is_removed_while_its_frames_wait_is_not_heard() -> None:
    alice, bob = stages(ALICE, BOB)
    turn(alice)
    assert bob.open(alice.seal(b"payload", 1, 0.0), ALICE, SPEAKERS, 5.0) is None
    turn(bob)
    assert bob.retry(5.1, {2: BOB}) == []
    assert bob.heard(ALICE).refused == {"slot": 1}


def test_no_speaker_takes_more_than_its_share_of_what_can_wait() -> None:
    alice, bob = stages(ALICE, BOB)
    turn(alice)
    for _ in range(HELD_PER_SPEAKER_MAX + 3):
        assert bob.open(alice.seal(b"x", 1, 0.0), ALICE, SPEAKERS, 5.0) is None
    assert bob.heard(ALICE).refused == {"frontier": 3}


def test_all_together_are_bounded() -> None:
    count = HELD_MAX // HELD_PER_SPEAKER_MAX + 1
    members = [bytes((number,)) * 16 for number in range(1, count + 1)]
    bob, *others = stages(BOB, *members)
    speakers = dict(enumerate(members, start=1))
    for slot, stage in enumerate(others, start=1):
        turn(stage)
        for _ in range(HELD_PER_SPEAKER_MAX):
            assert bob.open(stage.seal(b"x", slot, 0.0), None, speakers, 5.0) is None
    assert len(bob._held) == HELD_MAX
    assert bob.heard(members[-1]).refused == {"frontier": HELD_PER_SPEAKER_MAX}


def test_a_frame_under_unknown_keys_is_tried_with_none(monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = stages(ALICE, BOB)
    turn(alice)
    frame = alice.seal(b"payload", 1, 0.0)
    monkeypatch.setattr(Keyring, "frame_key", None)
    assert bob.open(frame, ALICE, SPEAKERS, 0.0) is None


def test_a_frame_that_came_by_two_ways_is_held_against_nobody() -> None:
    alice, bob = stages(ALICE, BOB)
    frame = alice.seal(b"payload", 1, 3.0)
    assert bob.open(frame, None, SPEAKERS, 7.0, doubles=True) is not None
    for sender in (ALICE, None):
        with pytest.raises(RemoteError):
            bob.open(frame, sender, SPEAKERS, 7.0, doubles=True)
    assert bob.heard(ALICE).rejected == 0
    with pytest.raises(RemoteError):
        bob.open(frame, ALICE, SPEAKERS, 7.0)
    assert bob.heard(ALICE).refused == {"replay": 1}
