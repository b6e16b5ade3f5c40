import numpy as np
import pytest

from audio.level import FLOOR_DBFS, LevelMeter, dbfs, power, power_dbfs, powers
from audio.pcm import BLOCK_SAMPLES, silence


def _block(level_dbfs: float) -> np.ndarray:
    amplitude = 32767 * 10 ** (level_dbfs / 20)
    return np.where(np.arange(BLOCK_SAMPLES) % 2, amplitude, -amplitude).astype(np.int16)


@pytest.mark.parametrize("level", [-0.1, -20.0, -40.0, -60.0])
def test_a_square_wave_has_the_level_of_its_amplitude(level):
    assert dbfs(_block(level)) == pytest.approx(level, abs=0.6)


def test_full_scale_is_zero_and_silence_is_the_floor():
    assert dbfs(np.full(480, -32768, np.int16)) == pytest.approx(0.0, abs=1e-4)
    assert dbfs(silence()) == FLOOR_DBFS
    assert dbfs(silence(0)) == FLOOR_DBFS
    assert power_dbfs(1e-30) == FLOOR_DBFS


def test_speaking_begins_after_two_loud_windows():
    meter = LevelMeter()
    states = [meter.update(_block(-30.0)) for _ in range(15)]
    assert states.index(True) == 9
    assert meter.level_dbfs == pytest.approx(-30.0, abs=0.5)


def test_a_click_is_nobody_speaking():
    meter = LevelMeter()
    for index in range(300):
        assert not meter.update(_block(-10.0) if index % 40 == 0 else silence())


def test_speaking_outlasts_a_short_gap_and_ends_300_ms_after_the_last_loud_window():
    meter = LevelMeter()
    for _ in range(20):
        meter.update(_block(-30.0))
    for _ in range(25):
        assert meter.update(silence())
    for _ in range(10):
        assert meter.update(_block(-30.0))
    states = [meter.update(silence()) for _ in range(40)]
    assert states.index(False) == 29
    assert not any(states[29:])
    assert not meter.speaking
    assert meter.level_dbfs == FLOOR_DBFS


def test_the_threshold_can_be_chosen():
    meter = LevelMeter(threshold_dbfs=-20.0)
    for _ in range(50):
        assert not meter.update(_block(-30.0))


def test_the_powers_of_many_blocks_are_those_of_each():
    rows = [_block(level) for level in (-6.0, -30.0, -70.0)] + [silence()]
    assert powers(np.stack(rows).astype(np.float32)) == pytest.approx([power(row) for row in rows])
