import numpy as np
import pytest

from audio.faders import Faders
from audio.level import dbfs
from audio.mixer import CEILING, MAX_VOICES, Mixer
from audio.pcm import BLOCK_SAMPLES, silence
from tests.audio.rounds import mix


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
        heard.append(mix(mixer, _level(8000), gains=gains))
    assert heard[0][0] == 8000
    assert np.abs(np.diff(np.concatenate(heard).astype(int))).max() <= 10
    assert set(heard[2].tolist()) == {4000}


def test_back_at_zero_the_samples_are_untouched_again():
    faders = Faders()
    faders.set_volume(1, 6.0)
    faders.gains(1)
    assert faders.gains(2) is None  # nobody touched this one
    faders.set_volume(1, 0.0)
    assert faders.gains(1) is not None
    assert faders.gains(1) is None


def test_a_muted_speaker_is_silent_within_a_block_and_comes_back_as_loud_as_before():
    faders, mixer = Faders(), Mixer()
    faders.set_volume(1, 6.0206)
    faders.gains(1)
    faders.set_muted(1, True)
    faders.gains(1)
    assert not mix(mixer, _level(1000), gains=faders.gains(1)).any()
    faders.set_muted(1, False)
    faders.gains(1)
    assert set(mix(mixer, _level(1000), gains=faders.gains(1)).tolist()) == {2000}
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
        heard = mix(mixer, _level(30_000), gains=faders.gains(1))
        assert np.abs(heard.astype(int)).max() <= CEILING


def test_a_cue_is_heard_beside_sixteen_loud_speakers():
    cue = _level(7)
    assert set(mix(Mixer(), *[_level(100)] * MAX_VOICES, beside=cue).tolist()) == {1607}
    assert np.array_equal(mix(Mixer(), beside=cue), cue)
    assert dbfs(mix(Mixer(), beside=silence())) == -96.0
