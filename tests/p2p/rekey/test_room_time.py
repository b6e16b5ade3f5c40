import pytest

from p2p.rekey.room_time import REACH_S, RoomTime


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


def test_coming_back_moves_room_time_forward_only_by_what_our_clocks_have_missed() -> None:
    time = RoomTime(now=0.0)
    time.readmitted(30.0, now=10.0, missed_s=20.0)
    assert time.at(10.0) == pytest.approx(30.0)
    time.readmitted(5.0, now=10.0, missed_s=20.0)
    assert time.at(10.0) == pytest.approx(30.0)
    time.readmitted(90.0, now=10.0, missed_s=0.0)
    time.readmitted(2.0**47, now=10.0, missed_s=2.0**48)
    assert time.at(10.0) == pytest.approx(30.0)


def test_no_number_of_words_draws_us_off_our_own_clock() -> None:
    time = RoomTime(now=0.0)
    for _ in range(1000):
        time.hear(time.at(0.0) + 1.9, now=0.0)
        time.readmitted(time.at(0.0) + 1.9, now=0.0, missed_s=0.0)
    assert time.at(0.0) == pytest.approx(REACH_S)
    time.slept(60.0)
    for _ in range(1000):
        time.hear(time.at(3600.0) - 1.9, now=3600.0)
    assert time.at(3600.0) == pytest.approx(3660.0 - REACH_S - 0.36)


def test_sleep_counts_although_the_monotonic_clock_stood_still() -> None:
    time = RoomTime(now=0.0)
    time.slept(300.0)
    time.slept(-1.0)
    assert time.at(10.0) == pytest.approx(310.0)


def test_a_time_that_was_wrong_is_put_right_and_the_next_word_makes_it_exact() -> None:
    time = RoomTime(now=0.0, room_s=160.0)
    time.correct(105.0, now=10.0)
    assert time.at(10.0) == pytest.approx(105.0)
    time.hear(130.0, now=10.0)
    assert time.at(10.0) == pytest.approx(105.0), "of the one that lied"
    time.hear(109.0, now=10.0)
    assert time.at(10.0) == pytest.approx(109.0)
    time.hear(110.0, now=10.0)
    assert time.at(10.0) == pytest.approx(109.1), "only the first"
