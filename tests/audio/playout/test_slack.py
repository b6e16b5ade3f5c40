import numpy as np

from audio.device.ring import Ring
from audio.pcm import BLOCK_SAMPLES, silence
from audio.playout.slack import CALM_S, MOST_BLOCKS, SETTLE_S, Slack


def settled() -> Slack:
    slack = Slack()
    slack.blocks(0, 100.0 - SETTLE_S)
    assert slack.blocks(0, 100.0) == 0
    return slack


def test_nothing_missed_is_nothing_more():
    slack = settled()
    assert {slack.blocks(0, 100.0 + tick / 100) for tick in range(6000)} == {0}


def test_each_stall_is_one_block_more_and_calm_gives_them_back_one_by_one():
    slack = settled()
    assert slack.blocks(480, 101.0) == 1
    assert slack.blocks(960, 101.1) == 1  # the same stall
    assert slack.blocks(1440, 102.0) == 2
    assert slack.blocks(1920, 103.0) == MOST_BLOCKS
    assert slack.blocks(1920, 103.0 + CALM_S - 0.1) == 2
    assert slack.blocks(1920, 103.0 + CALM_S) == 1
    assert slack.blocks(1920, 103.0 + 2 * CALM_S) == 0
    assert slack.blocks(1920, 103.0 + 9 * CALM_S) == 0


def test_a_device_that_has_just_begun_says_nothing_about_the_machine():
    slack = Slack()
    for tick in range(99):
        assert slack.blocks(480 * tick, tick / 100) == 0
    slack = settled()
    slack.restart()
    assert slack.blocks(480, 200.0) == 0
    assert slack.blocks(960, 200.0 + SETTLE_S / 2) == 0
    assert slack.blocks(960, 200.0 + SETTLE_S) == 0
    assert slack.blocks(1440, 200.1 + SETTLE_S) == 1


def holes(ready_blocks) -> int:
    """Blocks of silence in a minute of a worker that comes 30 ms late every half second."""
    ring, missed = Ring(12 * BLOCK_SAMPLES), 0
    for tick in range(6000):
        late = tick % 50 in (10, 11, 12)
        if not late:
            for _ in range(max(0, ready_blocks(ring, tick / 100) - ring.level // BLOCK_SAMPLES)):
                ring.write(silence())
        missed += ring.read_into(np.zeros(BLOCK_SAMPLES, np.int16)) < BLOCK_SAMPLES
    return missed


def test_on_a_busy_machine_holes_end_after_the_first_few():
    slack = Slack()
    assert holes(lambda ring, now: 2) == 240
    assert holes(lambda ring, now: 2 + slack.blocks(ring.missed_samples, now)) <= 10
