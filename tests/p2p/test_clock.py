"""Noticing that the machine slept, and timers that meet."""

import time

from hypothesis import given
from hypothesis import strategies as st

from p2p.clock import BEAT_S, SleepWatch, going_on, to_beat


class Clocks:
    def __init__(self):
        self.whole = 1000.0
        self.awake = 5.0

    def watch(self) -> SleepWatch:
        return SleepWatch(lambda: self.whole, lambda: self.awake)


def test_time_awake_is_no_sleep():
    clocks = Clocks()
    watch = clocks.watch()
    clocks.whole += 100
    clocks.awake += 100
    assert watch.slept_s() == 0


def test_a_closed_lid_is_noticed_once():
    clocks = Clocks()
    watch = clocks.watch()
    clocks.whole += 130
    clocks.awake += 10
    assert watch.slept_s() == 120
    assert watch.slept_s() == 0


def test_short_naps_add_up():
    clocks = Clocks()
    watch = clocks.watch()
    clocks.whole += 0.7
    assert watch.slept_s() == 0
    clocks.whole += 0.7
    assert watch.slept_s() > 1


def test_this_machines_clocks_agree_while_it_is_awake():
    assert SleepWatch().slept_s() == 0
    assert going_on()() > 0


def test_a_system_without_such_clocks_has_its_monotonic_one():
    assert going_on(("CLOCK_OF_ANOTHER_WORLD",)) is time.monotonic


@given(st.floats(0, 1e7), st.floats(0, 100))
def test_timers_that_need_not_be_exact_meet_on_a_beat_and_are_never_early(
    now: float, wait_s: float
) -> None:
    waited_s = to_beat(now, wait_s)
    assert wait_s <= waited_s <= wait_s + BEAT_S
    beats = (now + waited_s) / BEAT_S
    assert abs(beats - round(beats)) < 1e-3
