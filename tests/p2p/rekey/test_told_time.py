"""A door that tells a newcomer a time some seconds off, and what others say of it."""

import os

import pytest

from crypto.epoch import Keyring
from crypto.frame import FrameError
from crypto.handover import keyring_from
from crypto.head import step_at
from p2p.mesh.frame_crypto import FrameCrypto
from p2p.rekey.room_time import TRUST_S, RoomTime
from p2p.rekey.told_time import APART_S, OFF_MAX_S, ToldTime

DOOR, A, B = (bytes((number,)) * 16 for number in range(3))


def test_a_moderator_that_is_ahead_puts_a_time_right_until_one_agrees() -> None:
    told = ToldTime(DOOR)
    assert told.tell(A, 8.0, 0.0, moderates=True) == 8.0
    assert told.tell(A, TRUST_S, 5.0, moderates=True) is None
    assert told.tell(A, 30.0, 6.0, moderates=True) is None, "it is sure now"


def test_of_words_that_seem_behind_the_one_that_was_on_its_way_for_less_counts() -> None:
    told = ToldTime(DOOR)
    assert told.tell(A, -9.0, 0.0, moderates=True) is None
    assert told.tell(B, -7.0, APART_S - 0.1, moderates=True) is None
    assert told.tell(A, -8.0, APART_S, moderates=True) == -7.0
    assert told.tell(A, -8.0, APART_S, moderates=True) is None, "it begins anew"
    assert told.tell(A, 5.0, 9.0, moderates=True) == 5.0, "both were late"


def test_neither_the_door_nor_plain_members_nor_one_that_is_days_off_moves_a_clock() -> None:
    told = ToldTime(DOOR)
    assert told.tell(DOOR, 8.0, 0.0, moderates=True) is None
    assert told.tell(A, 8.0, 0.0, moderates=False) is None
    assert told.tell(A, OFF_MAX_S + 1.0, 0.0, moderates=True) is None
    assert told.tell(B, 0.0, 0.0, moderates=False) is None
    assert told.tell(A, 8.0, 0.0, moderates=True) == 8.0, "none of them made it sure"


def test_who_made_the_room_is_told_by_nobody() -> None:
    assert ToldTime(None).tell(A, 8.0, 0.0, moderates=True) is None


@pytest.mark.parametrize("lie_s", [-14.3, -9.5, -8.0, -3.0, 3.0, 8.0, 9.5, 14.3])
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
        by_s = None
        if tick in (0, 40):
            by_s = told.tell(B, now - room_time.at(now), now, moderates=True)
        if by_s is not None:
            room_time.put_forward(by_s)
            ours.correct(room_time.at(now))
            for epoch in ours.ahead:  # asked for again, and given
                ((_, secret, pass_),) = host.export(host.seal_step)
                ours.replace(epoch, secret, host.seal_step, pass_, B)
            ours.set_heads(host.frontier.ids)
        for seals, opens, member in ((here, there, A), (there, here, B)):
            frame = seals.seal(b"frame", 1, now if seals is there else room_time.at(now))
            assert frame is not None
            try:
                opens.open(frame, member, {1: member}, now)
            except FrameError:
                missed += tick > 40
    assert missed == 0
