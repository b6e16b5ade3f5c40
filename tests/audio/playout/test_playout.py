import time

import numpy as np

from audio.pcm import BLOCK_SAMPLES, silence
from audio.playout.playout import CAP_BLOCKS, TARGET_BLOCKS, DevicePlayout, NullPlayout, playout_to


class Card:
    name = "card"
    ended = False

    def __init__(self) -> None:
        self.heard_s = None
        self.closed = False

    def open(self, wanted, ring, wake):
        self.wanted, self.ring, self.wake = wanted, ring, wake
        return self

    def ask(self, count: int = BLOCK_SAMPLES) -> np.ndarray:
        out = np.zeros(count, np.int16)
        self.ring.read_into(out)
        self.heard_s = time.monotonic()
        self.wake()
        return out

    def close(self) -> None:
        self.closed = True


def _fill(playout, now: float, value: int = 0) -> int:
    wanted = playout.wanted(now)
    for _ in range(wanted):
        playout.write(np.full(BLOCK_SAMPLES, value, np.int16))
    return wanted


def test_nobody_listening_still_wants_a_block_per_10_ms():
    playout = playout_to("null")
    assert isinstance(playout, NullPlayout)
    counts = [_fill(playout, 3.0 + tick * 0.001) for tick in range(1000)]
    assert sum(counts) == 100
    assert playout.next_s(4.0) is not None
    assert playout.check(4.0) is None
    assert playout.name == "null"
    playout.close()


def test_a_running_device_is_kept_two_blocks_ahead():
    card, woken = Card(), []
    playout = DevicePlayout("default", card.open)
    playout.attach(lambda: woken.append(1))
    card.ask()
    assert _fill(playout, 0.0, 5) == TARGET_BLOCKS
    assert _fill(playout, 0.0, 5) == 0
    for _ in range(50):
        assert (card.ask() == 5).all()
        assert _fill(playout, 0.0, 5) == 1
    assert playout.next_s(0.0) is None
    assert len(woken) == 51


def test_a_late_worker_is_not_late_for_ever():
    card = Card()
    playout = DevicePlayout("default", card.open)
    card.ask()
    _fill(playout, 0.0)
    for _ in range(10):
        card.ask()
    assert _fill(playout, 0.0) == TARGET_BLOCKS
    assert card.ring.level == TARGET_BLOCKS * BLOCK_SAMPLES


def test_a_device_that_asks_for_much_at_once_gets_it():
    card = Card()
    playout = DevicePlayout("default", card.open)
    card.ask(2048)
    for _ in range(5):
        _fill(playout, 0.0, 7)
        assert (card.ask(2048) == 7).all()
    card.ask(1_000_000)
    assert _fill(playout, 0.0) <= CAP_BLOCKS


def test_before_the_first_callback_and_after_a_loss_the_clock_goes_on():
    card = Card()
    playout = DevicePlayout("default", card.open)
    assert sum(_fill(playout, tick * 0.01) for tick in range(100)) == 100
    assert playout.next_s(1.0) is not None
    assert card.ring.level == 0
    card.ask()
    assert playout.running
    assert _fill(playout, 1.0) == TARGET_BLOCKS
    problem = playout.check(time.monotonic() + 4)
    assert problem is not None
    assert problem.code == "speaker_lost"
    assert not playout.running
    assert sum(_fill(playout, 2.0 + tick * 0.01) for tick in range(100)) == 100
    playout.write(silence())
    playout.close()
    assert card.closed
    assert playout.name == "card"
