"""Noticing that the machine slept."""

import time

from p2p.clock import SleepWatch, going_on


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
