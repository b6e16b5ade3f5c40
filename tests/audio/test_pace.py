from hypothesis import given
from hypothesis import strategies as st

from audio.pace import Pace


def test_the_first_period_is_due_at_once_then_one_per_period():
    pace = Pace(0.01)
    assert pace.next_s(5.0) == 5.0
    assert pace.due(5.0) == 1
    assert pace.due(5.005) == 0
    assert pace.next_s(5.005) == 5.01
    assert pace.due(5.01) == 1


def test_a_late_caller_gets_what_it_missed():
    pace = Pace(0.01)
    pace.due(0.0)
    assert pace.due(0.055) == 5


def test_after_a_long_stall_the_rest_is_skipped():
    pace = Pace(0.01, catch_up_s=0.2)
    pace.due(0.0)
    assert pace.due(60.0) == 20
    assert pace.skipped == 5980
    assert pace.due(60.0) == 0


def test_a_clock_that_steps_back_owes_nothing():
    pace = Pace(0.01)
    pace.due(10.0)
    pace.due(10.5)
    assert pace.due(9.0) == 0
    assert pace.due(10.505) == 0


def test_restart_begins_a_new_schedule():
    pace = Pace(0.01)
    pace.due(0.0)
    pace.restart()
    assert pace.due(99.0) == 1


@given(st.lists(st.floats(0.0, 0.15), min_size=1, max_size=200))
def test_uneven_calls_never_make_it_drift(steps: list[float]):
    pace, now, done = Pace(0.01), 1000.0, 0
    for step in steps:
        now += step
        done += pace.due(now)
    first = 1000.0 + steps[0]
    assert abs(done - ((now - first) / 0.01 + 1)) <= 1.001


@given(st.floats(0.0, 1e7))
def test_waking_exactly_at_the_deadline_finds_work(start: float):
    pace = Pace(0.01)
    pace.due(start)
    for _ in range(50):
        assert pace.due(pace.next_s(start)) == 1
