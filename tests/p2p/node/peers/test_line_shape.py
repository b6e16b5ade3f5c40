import pytest

from audio.codec.framer import PROFILES
from p2p.mesh.line_load import Load
from p2p.node.peers.line_shape import LOOK_EVERY_S, LineShape, rate_bps
from p2p.wire.hop import PROFILE_COUNT

FULL = Load(0.4, 0.07, stands=True, loss=0.0, carried_bps=100_000.0, round_trip_s=0.5)


def test_every_profile_has_a_number_of_its_own_in_the_hop_byte():
    assert [profile.code - 1 for profile in PROFILES.values()] == list(range(PROFILE_COUNT))


def test_each_profile_takes_less_than_the_one_before_and_the_last_24_kbit_s():
    rates = [rate_bps(profile) for profile in PROFILES.values()]
    assert rates == sorted(rates, reverse=True)
    assert rates == [
        116_400.0,
        80_200.0,
        pytest.approx(45_467, abs=1),
        pytest.approx(23_867, abs=1),
    ]


def test_who_has_a_good_line_speaks_as_the_room_does():
    shape = LineShape(0.0)
    assert (shape.profile, shape.is_narrow) == ("table", False)
    shape.look([], 1.0)
    shape.set_room_profile("hall", 2.0)
    assert (shape.profile, shape.is_narrow) == ("hall", False)


def test_who_has_a_narrow_line_speaks_as_it_allows():
    shape = LineShape(0.0)
    shape.look([FULL, FULL], 1.0)
    assert (shape.profile, shape.is_narrow) == ("hall", True)


def test_in_a_hall_nobody_speaks_wider_than_the_hall():
    shape = LineShape(0.0)
    shape.set_room_profile("hall", 0.0)
    shape.look([FULL], 1.0)
    assert shape.profile == "slim"


def test_the_same_word_of_the_room_again_changes_nothing():
    shape = LineShape(0.0)
    shape.look([FULL], 1.0)
    shape.set_room_profile("table", 1.5)
    assert shape.profile == "hall"


def test_the_line_is_looked_at_ten_times_a_second():
    shape = LineShape(0.0)
    shape.look([], 1.0)
    assert not shape.is_due(1.0 + LOOK_EVERY_S / 2)
    assert shape.is_due(1.0 + LOOK_EVERY_S)
