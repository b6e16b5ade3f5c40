import pytest

from audio.codec.framer import HALL, TABLE
from audio.playout.delay_reserve import LONGEST_STALL_S, MEMORY_S, Caution


def _frames(caution, count, lost_every=0, profile=TABLE):
    for n in range(count):
        caution.frame(profile, lost=bool(lost_every) and n % lost_every == 0)


@pytest.mark.parametrize(
    ("lost_every", "copies"), [(0, None), (1000, None), (150, 2), (50, 3), (5, 3)]
)
@pytest.mark.parametrize("profile", [TABLE, HALL])
def test_the_more_is_lost_the_more_copies_there_is_room_for(profile, lost_every, copies):
    caution = Caution()
    _frames(caution, 1400, lost_every, profile)
    reserve_s = caution.reserve_s(0.0)
    if copies is None:
        assert reserve_s == 0.0
    else:
        missing = 3 - copies
        reach_s = profile.reach_s(len(profile.offsets) - missing)
        assert reserve_s == pytest.approx(reach_s, abs=0.01)
        assert reserve_s > reach_s


def test_one_loss_is_no_share_and_two_in_the_first_second_are():
    caution = Caution()
    caution.frame(TABLE, lost=True)
    assert caution.reserve_s(0.0) > TABLE.reach_s(3)
    _frames(caution, 300)
    assert caution.reserve_s(0.0) == 0.0


def test_losses_are_remembered_for_30_s():
    caution = Caution()
    _frames(caution, 100, lost_every=2)
    _frames(caution, 1390)
    assert caution.reserve_s(0.0) > 0.1
    _frames(caution, 110)
    assert caution.reserve_s(0.0) == 0.0


def test_a_second_stall_is_prepared_for_and_forgotten_after_30_s():
    caution = Caution()
    for at in (1.0, 1.02, 1.3):
        caution.late(0.08, at)
    assert caution.reserve_s(1.3) == 0.0
    assert caution.stalls
    caution.late(0.09, 5.0)
    assert caution.reserve_s(5.0) == pytest.approx(0.09)
    assert caution.reserve_s(1.2 + MEMORY_S) == pytest.approx(0.09)
    assert caution.reserve_s(1.4 + MEMORY_S) == 0.0
    assert caution.reserve_s(5.1 + MEMORY_S) == 0.0
    assert not caution.stalls


def test_no_stall_makes_a_buffer_longer_than_a_talk_bears():
    caution = Caution()
    for at in range(100):
        caution.late(9.0, float(at))
    assert caution.reserve_s(99.0) == LONGEST_STALL_S


def test_what_a_payload_of_the_hall_gathers_is_no_stall():
    caution = Caution()
    _frames(caution, 10, profile=HALL)
    for at in range(10):
        caution.late(0.075, float(at))
    assert caution.reserve_s(9.0) == 0.0
