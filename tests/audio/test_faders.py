import numpy as np
import pytest

from audio.faders import Faders
from audio.level import dbfs
from audio.mixer import CEILING, MAX_VOICES, Mixer
from audio.pcm import BLOCK_SAMPLES, silence


def _level(amplitude: int) -> np.ndarray:
    return np.full(BLOCK_SAMPLES, amplitude, np.int16)


def test_a_speaker_nobody_touched_is_heard_as_sent():
    faders = Faders()
    assert faders.gains(1) is None
    assert faders.volume_db(1) == 0.0
    assert not faders.is_muted(1)


def test_a_new_volume_is_a_ramp_of_one_block_and_then_steady():
    faders, mixer = Faders(), Mixer()
    assert faders.set_volume(1, -6.0206) == pytest.approx(-6.0206)
    heard = []
    for _ in range(3):
        gains = faders.gains(1)
        assert gains is not None
        heard.append(mixer.mix({1: _level(8000)}, {1: gains}))
    assert heard[0][0] == 8000
    assert np.abs(np.diff(np.concatenate(heard).astype(int))).max() <= 10
    assert set(heard[2].tolist()) == {4000}


def test_back_at_zero_the_samples_are_untouched_again():
    faders = Faders()
    faders.set_volume(1, 6.0)
    faders.gains(1)
    faders.set_volume(1, 0.0)
    assert faders.gains(1) is not None
    assert faders.gains(1) is None


def test_a_muted_speaker_is_silent_within_a_block_and_comes_back_as_loud_as_before():
    faders, mixer = Faders(), Mixer()
    faders.set_volume(1, 6.0206)
    faders.gains(1)
    faders.set_muted(1, True)
    faders.gains(1)
    assert not mixer.mix({1: _level(1000)}, {1: faders.gains(1)}).any()
    faders.set_muted(1, False)
    faders.gains(1)
    assert set(mixer.mix({1: _level(1000)}, {1: faders.gains(1)}).tolist()) == {2000}
    assert faders.volume_db(1) == pytest.approx(6.0206)


@pytest.mark.parametrize(
    ("asked", "held"),
    [(99.0, 12.0), (-99.0, -30.0), (float("nan"), 0.0), (float("inf"), 12.0)],
)
def test_a_volume_stays_within_its_range(asked, held):
    assert Faders().set_volume(3, asked) == held


def test_a_speaker_turned_up_is_held_by_the_limiter_not_clipped():
    faders, mixer = Faders(), Mixer()
    faders.set_volume(1, 12.0)
    for _ in range(5):
        heard = mixer.mix({1: _level(30_000)}, {1: faders.gains(1)})
        assert np.abs(heard.astype(int)).max() <= CEILING


def test_a_cue_is_heard_beside_sixteen_loud_speakers_of_seventeen():
    voices = dict.fromkeys(range(MAX_VOICES + 1), _level(100))
    cue = _level(7)
    assert set(Mixer().mix(voices, beside=cue).tolist()) == {1607}
    assert np.array_equal(Mixer().mix({}, beside=cue), cue)
    assert dbfs(Mixer().mix({}, beside=silence())) == -96.0
