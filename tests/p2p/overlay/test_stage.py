import os

import pytest

from crypto.epoch import Keyring
from p2p.errors import RemoteError
from p2p.overlay.stage import HOP_BYTE_OF, Stage

ALICE, BOB, EVE = b"a" * 16, b"b" * 16, b"e" * 16
SPEAKERS = {1: ALICE, 2: BOB}


def stages(*members: bytes) -> list[Stage]:
    keyring = Keyring.create(os.urandom)
    heads = keyring.export(0)
    return [
        Stage(Keyring.import_(heads, 0, 0.0, bytes(keyring.pass_)), member, os.urandom)
        for member in members
    ]


def test_what_a_speaker_seals_the_others_open_on_its_own_link() -> None:
    alice, bob = stages(ALICE, BOB)
    frame = alice.seal(b"payload", 1, 3.0)
    assert bob.open(frame, ALICE, SPEAKERS, 3.0) == b"payload"
    assert (alice.sealed, bob.heard(ALICE).opened, bob.heard(ALICE).rejected) == (1, 1, 0)


def test_a_stream_changes_profile_between_two_frames_and_both_are_opened() -> None:
    alice, bob = stages(ALICE, BOB)
    for profile in ("table", "hall", "table"):
        frame = alice.seal(b"in " + profile.encode(), 1, 0.0, profile)
        assert frame[0] == HOP_BYTE_OF[profile]
        assert bob.open(frame, ALICE, SPEAKERS, 0.0) == b"in " + profile.encode()
    assert bob.heard(ALICE).rejected == 0


def test_a_frame_on_anothers_link_is_refused_and_counted() -> None:
    alice, bob = stages(ALICE, BOB)
    frame = alice.seal(b"payload", 1, 3.0)
    with pytest.raises(RemoteError):
        bob.open(frame, EVE, SPEAKERS, 3.0)
    assert bob.heard(EVE).refused == {"slot": 1}


def test_a_member_cannot_speak_from_a_slot_that_is_not_its_own() -> None:
    alice, bob = stages(ALICE, BOB)
    with pytest.raises(RemoteError):
        bob.open(alice.seal(b"payload", 2, 0.0), ALICE, SPEAKERS, 0.0)


@pytest.mark.parametrize("data", [b"", b"\x80rest", b"\x81rest", b"\x02rest", b"\x7frest"])
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
