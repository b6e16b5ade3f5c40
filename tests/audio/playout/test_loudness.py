import numpy as np
import pytest

from audio.gain import TARGET_DBFS
from audio.playout.loudness import Loudness


def _power(dbfs: float) -> float:
    return 10.0 ** (dbfs / 10.0)


def _speak(loudness: Loudness, dbfs: float, windows: int) -> list:
    """Bursts as speech has them, so that the level stands out of its pauses."""
    changes = []
    for window in range(windows):
        for _ in range(5):
            loudness.add(_power(dbfs if window % 4 else dbfs - 30.0))
        changes.append(loudness.window())
    return changes


def test_a_quiet_voice_is_brought_near_to_the_one_level_without_a_step():
    loudness, heard = Loudness(), 1.0
    for gains in _speak(loudness, TARGET_DBFS - 10.0, 400):
        if gains is not None:
            assert gains[0] == 1.0
            heard *= float(gains[-1])
    assert heard == pytest.approx(loudness.factor, rel=1e-4)
    assert 20 * np.log10(loudness.factor) == pytest.approx(10.0, abs=2.0)


def test_a_voice_at_the_one_level_is_left_as_it_is():
    loudness = Loudness()
    assert _speak(loudness, TARGET_DBFS, 100) == [None] * 100
    assert loudness.factor == 1.0


def test_the_meter_shows_what_was_sent_and_falls_when_nothing_is_heard():
    loudness = Loudness()
    _speak(loudness, -40.0, 20)
    assert loudness.meter.level_dbfs == pytest.approx(-40.0)
    assert loudness.meter.speaking
    for _ in range(7):
        assert loudness.window() is None
    assert loudness.meter.level_dbfs == -96.0
    assert not loudness.meter.speaking


def test_a_pause_teaches_no_lower_floor():
    spoken, interrupted = Loudness(), Loudness()
    _speak(spoken, -30.0, 60)
    _speak(interrupted, -30.0, 30)
    for _ in range(40):
        interrupted.window()
    _speak(interrupted, -30.0, 30)
    assert interrupted.factor == spoken.factor


def test_silence_within_a_window_does_not_make_the_voice_quieter():
    whole, halves = Loudness(), Loudness()
    for window in range(200):
        power = _power(-35.0 if window % 4 else -70.0)
        for block in range(5):
            whole.add(power)
            if block < 2:
                halves.add(power)
        whole.window()
        halves.window()
    assert halves.factor == pytest.approx(whole.factor)
