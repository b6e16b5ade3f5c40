"""A door that tells a newcomer a time some seconds off, and what others say of it."""

import os

import pytest

from crypto.epoch import Keyring
from crypto.frame import FrameError
from crypto.handover import keyring_from
from crypto.head import step_at
from p2p.mesh.frame_crypto import FrameCrypto
from p2p.rekey.room_time import TRUST_S, RoomTime
from p2p.rekey.time_witnesses import HEARD_MAX
from p2p.rekey.told_time import FRESH_S, OFF_MAX_S, ToldTime

DOOR, A, B, C = (bytes((number,)) * 16 for number in range(4))


def nobody(_member: bytes) -> bool:
    return False


def everybody(_member: bytes) -> bool:
    return True


def test_a_moderator_or_two_others_who_agree_put_a_time_right_once() -> None:
    assert ToldTime(DOOR).tell(A, 8.0, everybody, 0.0) == 8.0
    told = ToldTime(DOOR)
    assert told.tell(A, 8.0, nobody, 0.0) is None
    assert told.tell(A, 8.0, nobody, 5.0) is None, "the same again is no other"
    assert told.tell(B, 7.0, nobody, 5.0) == 7.0
    assert told.tell(B, 30.0, everybody, 6.0) is None, "it is sure now"


def test_who_is_told_that_it_is_right_is_moved_by_nobody() -> None:
    for members, is_moderator in (((A,), everybody), ((A, B), nobody)):
        told = ToldTime(DOOR)
        for member in members:
            assert told.tell(member, TRUST_S, is_moderator, 0.0) is None
        assert told.tell(C, 8.0, everybody, 1.0) is None


def test_not_against_as_many_who_say_that_it_is_right() -> None:
    told = ToldTime(DOOR)
    told.tell(A, 0.0, nobody, 0.0)
    assert told.tell(B, 8.0, lambda one: one == B, 0.0) is None
    assert told.tell(C, 8.0, lambda one: one == B, 0.0) == 8.0


def test_neither_the_doors_word_counts_nor_old_ones_nor_one_that_is_days_off() -> None:
    told = ToldTime(DOOR)
    assert told.tell(DOOR, 8.0, everybody, 0.0) is None
    assert told.tell(A, OFF_MAX_S + 1.0, everybody, 0.0) is None
    assert told.tell(A, 8.0, nobody, 0.0) is None
    assert told.tell(B, 8.0, nobody, FRESH_S + 1.0) is None


def test_who_made_the_room_is_told_by_nobody() -> None:
    assert ToldTime(None).tell(A, 8.0, everybody, 0.0) is None


def test_what_is_remembered_is_bounded() -> None:
    told = ToldTime(DOOR)
    for number in range(2 * HEARD_MAX):
        told.tell(number.to_bytes(16, "big"), 10.0 * number, nobody, 0.0)
    assert len(told._said) == HEARD_MAX


@pytest.mark.parametrize("lie_s", [-9.5, -8.0, -3.0, 3.0, 8.0, 9.5])
def test_who_was_told_seconds_too_much_or_too_few_hears_and_is_heard(lie_s: float) -> None:
    """Frames open one step ahead and behind at times, so they alone do not show it."""
    now, host = 304.0, Keyring.create(os.urandom)
    host.advance(now)
    heads, step, told_s = host.export(host.seal_step), host.seal_step, now + lie_s
    if step_at(told_s) > step:
        later = keyring_from(heads, step, now, DOOR)
        later.advance(told_s)
        heads, step = later.export(later.step), later.step
    ours = keyring_from(heads, step, max(told_s, 10.0 * (step - 1)), DOOR)
    told, room_time = ToldTime(ours.trial.time_from), RoomTime(now, told_s)
    here, there = FrameCrypto(ours, A, os.urandom), FrameCrypto(host, B, os.urandom)
    missed = 0
    for tick in range(1200):
        now += 0.05
        host.advance(now)
        ours.advance(room_time.at(now))
        if tick == 40:
            by_s = told.tell(B, now - room_time.at(now), everybody, now)
            assert by_s is not None
            room_time.put_forward(by_s)
            ours.correct(room_time.at(now))
            for epoch in ours.ahead:  # asked for again, and given
                ((_, secret, pass_),) = host.export(host.seal_step)
                ours.replace(epoch, secret, host.seal_step, pass_, B)
            ours.set_heads(host.frontier.ids)
        for seals, opens, member, at_s in (
            (here, there, A, now), (there, here, B, room_time.at(now)),
        ):  # fmt: skip
            frame = seals.seal(b"frame", 1, now if seals is there else room_time.at(now))
            assert frame is not None
            try:
                opens.open(frame, member, {1: member}, at_s, now)
            except FrameError:
                missed += tick > 40
    assert missed == 0
