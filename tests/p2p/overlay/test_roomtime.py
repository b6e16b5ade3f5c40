import pytest

from p2p.overlay.roomtime import RoomTime


def test_room_time_runs_with_the_monotonic_clock() -> None:
    time = RoomTime(now=100.0, room_s=7.0)
    assert time.at(103.5) == pytest.approx(10.5)
    assert RoomTime(now=100.0).at(99.0) == 0.0


def test_a_neighbours_word_pulls_gently_and_a_wild_one_not_at_all() -> None:
    time = RoomTime(now=0.0)
    time.hear(1.0, now=0.0)
    assert time.at(0.0) == pytest.approx(0.1)
    time.hear(50.0, now=0.0)
    assert time.at(0.0) == pytest.approx(0.1)


def test_coming_back_moves_room_time_forward_only() -> None:
    time = RoomTime(now=0.0)
    time.readmitted(30.0, now=10.0)
    assert time.at(10.0) == pytest.approx(30.0)
    time.readmitted(5.0, now=10.0)
    assert time.at(10.0) == pytest.approx(30.0)


def test_sleep_counts_although_the_monotonic_clock_stood_still() -> None:
    time = RoomTime(now=0.0)
    time.slept(300.0)
    time.slept(-1.0)
    assert time.at(10.0) == pytest.approx(310.0)
