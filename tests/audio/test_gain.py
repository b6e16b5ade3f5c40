import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.gain import MAX_GAIN_DB, MIN_GAIN_DB, TARGET_DBFS, AutoGain, VoiceLevel, leveller
from audio.level import power
from tests.audio.voices import active_dbfs, babble, blocks


def levelled(sound, gain=None, may_be_voice=True):
    gain = gain or AutoGain()
    return np.concatenate([b * gain.update(power(b), may_be_voice) for b in blocks(sound)])


@pytest.mark.parametrize("level", [-45, -38, -30, -21, -15])
def test_every_voice_comes_to_one_level(level):
    out = levelled(babble(20, level))
    assert active_dbfs(out[-10 * 48_000 :]) == pytest.approx(TARGET_DBFS, abs=2)


@pytest.mark.parametrize("may_be_voice", [True, False])
def test_noise_hum_and_silence_move_nothing(may_be_voice):
    rng = np.random.default_rng(2)
    t = np.arange(48_000 * 10) / 48_000
    for sound in (rng.normal(size=len(t)) * 300, 300 * np.sin(2 * np.pi * 100 * t), 0 * t):
        gain = AutoGain()
        levelled(sound.astype(np.int16), gain, may_be_voice)
        assert abs(gain.gain_db) < 0.5


def test_what_is_known_to_be_no_voice_moves_nothing():
    gain = AutoGain()
    levelled(babble(5, -40), gain, may_be_voice=False)
    assert gain.gain_db == 0


def test_a_pause_freezes_the_gain():
    gain = AutoGain()
    levelled(babble(10, -40), gain)
    before = gain.gain_db
    noise = np.random.default_rng(3).normal(size=48_000 * 20) * 10
    levelled(noise.astype(np.int16), gain)
    assert gain.gain_db == pytest.approx(before, abs=0.7)


def test_the_gain_has_limits():
    gain = AutoGain()
    levelled(babble(20, -57), gain)
    assert gain.gain_db == MAX_GAIN_DB
    gain = AutoGain()
    levelled(babble(20, -1), gain)
    assert MIN_GAIN_DB <= gain.gain_db < -10


def test_a_talker_who_comes_nearer_and_goes_away_is_followed():
    gain = AutoGain()
    levelled(babble(10, -18), gain)
    out = levelled(babble(15, -40, seed=5), gain)
    assert active_dbfs(out[-5 * 48_000 :]) == pytest.approx(TARGET_DBFS, abs=2)
    out = levelled(babble(10, -15, seed=6), gain)
    assert active_dbfs(out[-5 * 48_000 :]) == pytest.approx(TARGET_DBFS, abs=2)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60))
def test_no_power_breaks_the_gain(powers):
    gain = AutoGain()
    for one in powers:
        factor = gain.update(one)
        assert 0.1 < factor < 16


def test_the_level_is_unknown_before_there_was_a_voice():
    assert VoiceLevel().dbfs is None


@pytest.mark.parametrize("level", [-32, -28, -23, -22, -19, -15, -10])
def test_at_the_receiver_all_voices_are_equally_loud_and_those_near_enough_are_left(level):
    sound, gain = babble(20, level), leveller()
    out = []
    for block in blocks(sound):
        ramp = gain.ramp(power(block))
        out.append(block if ramp is None else block * ramp)
    heard = np.concatenate(out)[-5 * 48_000 :]
    assert active_dbfs(heard) == pytest.approx(TARGET_DBFS, abs=2.0)
    assert (gain.gain_db == 0) is (level == -22)


def test_a_gain_that_moves_makes_no_step():
    gain = AutoGain()
    last = 1.0
    for block in blocks(babble(3, -40)):
        ramp = gain.ramp(power(block))
        if ramp is not None:
            factors = np.broadcast_to(ramp, 480)
            assert factors[0] == pytest.approx(last)
            last = factors[-1]
    assert last > 1.5
