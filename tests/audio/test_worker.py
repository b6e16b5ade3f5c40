import threading
import time

import pytest

from audio.worker import Worker


def until(condition, limit_s=5.0):
    end_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.002)


class Rounds:
    """A worker whose rounds and end are counted."""

    def __init__(self, pause_s=0.0, broken=()):
        self.rounds, self.ends, self.failures = 0, 0, []
        self.pause_s, self.broken = pause_s, broken
        self.worker = Worker(self.round, self.end, self.failures.append, lambda: True)

    def round(self):
        self.rounds += 1
        if self.rounds in self.broken:
            raise RuntimeError("a bug")
        return self.pause_s

    def end(self):
        self.ends += 1


def test_it_sleeps_between_rounds_until_it_is_woken():
    told = Rounds(pause_s=60.0)
    told.worker.start()
    told.worker.start()
    until(lambda: told.rounds == 1)
    time.sleep(0.05)
    assert told.rounds == 1
    told.worker.wake()
    until(lambda: told.rounds == 2)
    told.worker.stop()
    assert (told.ends, told.worker.alive) == (1, False)


def test_a_round_that_breaks_is_told_and_the_next_one_comes():
    told = Rounds(broken=(1, 2))
    told.worker.start()
    until(lambda: told.rounds > 4)
    told.worker.stop()
    assert [type(error) for error in told.failures] == [RuntimeError] * 2
    assert told.ends == 1


@pytest.mark.parametrize("times", [1, 2])
def test_one_that_was_never_started_ends_all_the_same_and_once(times):
    told = Rounds()
    for _ in range(times):
        told.worker.stop()
    assert (told.rounds, told.ends, told.worker.alive) == (0, 1, False)


def test_a_round_can_stop_its_own_worker():
    done = threading.Event()
    worker = Worker(lambda: worker.stop() or 0.0, done.set, lambda error: None, lambda: False)
    worker.start()
    assert done.wait(5.0)
