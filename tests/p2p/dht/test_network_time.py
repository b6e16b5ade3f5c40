"""Whose word about the time counts."""

import pytest

from p2p.dht.network_time import WORDS_MAX, NetworkTime

REAL_S = 1_800_000_000
DAY_S = 86_400


class Machine:
    """A clock and a time base that can be set apart."""

    def __init__(self, ahead_s: int = 0) -> None:
        self.now, self.ahead_s = 1000.0, ahead_s
        self.time = NetworkTime(lambda: self.now, self.clock)

    def clock(self) -> int:
        return REAL_S + int(self.now - 1000.0) + self.ahead_s

    def is_told(self, number: int, wrong_by_s: int = 0) -> None:
        real_s = self.clock() - self.ahead_s
        self.time.heard((f"20.0.{number}.7", 4000), (real_s + wrong_by_s) // 60)


def test_without_a_word_our_clock_counts():
    machine = Machine(DAY_S)
    assert machine.time.unix_s() == machine.clock()
    assert not machine.time.turns_wrong()


@pytest.mark.parametrize("ahead_s", [DAY_S, -DAY_S, 2400, -2400])
def test_the_word_of_the_only_node_puts_a_wrong_clock_right_and_that_is_said_once(ahead_s):
    machine = Machine(ahead_s)
    machine.is_told(1)
    machine.now += 7.0
    assert abs(machine.time.unix_s() - (REAL_S + 7)) <= 30
    assert machine.time.turns_wrong()
    assert not machine.time.turns_wrong()


@pytest.mark.parametrize("ahead_s", [0, 1500, -1500])
def test_a_clock_that_is_about_right_is_kept_to_the_second(ahead_s):
    machine = Machine(ahead_s)
    for number in range(5):
        machine.is_told(number)
    assert machine.time.unix_s() == machine.clock()


@pytest.mark.parametrize(("honest", "liars"), [(1, 1), (2, 2), (3, 2), (8, 8)])
def test_half_of_the_nodes_can_not_move_a_clock_that_is_right(honest, liars):
    machine = Machine()
    for number in range(liars):
        machine.is_told(number, DAY_S)
    for number in range(liars, liars + honest):
        machine.is_told(number)
    assert machine.time.unix_s() == machine.clock()


def test_one_net_has_one_word():
    machine = Machine()
    machine.is_told(1)
    machine.is_told(2)
    for host in range(1, 9):
        machine.time.heard((f"20.0.3.{host}", 4000), (REAL_S + DAY_S) // 60)
    assert machine.time.unix_s() == machine.clock()


def test_who_comes_after_the_first_ones_has_no_word():
    machine = Machine()
    for number in range(WORDS_MAX):
        machine.is_told(number)
    for number in range(WORDS_MAX, 10 * WORDS_MAX):
        machine.is_told(number, DAY_S)
    assert machine.time.unix_s() == machine.clock()


def test_once_the_clock_was_set_what_was_told_of_the_old_one_is_void():
    machine = Machine(DAY_S)
    machine.is_told(1)
    machine.ahead_s = 0
    assert machine.time.unix_s() == machine.clock()
    machine.is_told(1)
    assert machine.time.unix_s() == machine.clock()
