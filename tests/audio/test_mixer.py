from itertools import pairwise

import numpy as np
import pytest

from audio.mixer import CEILING, MAX_VOICES, Limiter, Mixer
from audio.pcm import BLOCK_SAMPLES, silence
from tests.audio.rounds import mix


def _square(amplitude: int = 32767, period: int = 96) -> np.ndarray:
    loud = np.where(np.arange(BLOCK_SAMPLES) % period < period // 2, amplitude, -amplitude - 1)
    return loud.astype(np.int16)


def test_nobody_is_silence():
    assert np.array_equal(mix(Mixer()), silence())


def test_one_speaker_below_the_ceiling_passes_sample_for_sample():
    mixer, rng = Mixer(), np.random.default_rng(1)
    for _ in range(10):
        block = rng.integers(-29_000, 29_000, BLOCK_SAMPLES).astype(np.int16)
        assert np.array_equal(mix(mixer, block), block)


def test_two_speakers_are_added():
    a, b = _square(5000), _square(3000, period=60)
    assert np.array_equal(mix(Mixer(), a, b), a + b)


def test_sixteen_full_scale_square_waves_stay_below_the_ceiling_and_keep_their_shape():
    mixer = Mixer()
    for _ in range(100):
        mixed = mix(mixer, *[_square()] * 16)
        assert np.abs(mixed.astype(np.int32)).max() <= CEILING
    assert np.abs(mixed.astype(np.int32)).min() > CEILING * 0.99
    assert np.array_equal(mixed > 0, _square() > 0)


def test_sixteen_full_scale_squares_of_different_pitch_stay_below_the_ceiling():
    mixer, rng = Mixer(), np.random.default_rng(2)
    for _ in range(100):
        blocks = [_square(period=int(rng.integers(10, 480))) for _ in range(16)]
        assert np.abs(mix(mixer, *blocks).astype(np.int32)).max() <= CEILING


def test_the_limiter_lets_go_slowly_until_nothing_is_changed():
    mixer, quiet = Mixer(), _square(1000)
    mix(mixer, *[_square()] * 16)
    peaks = [int(np.abs(mix(mixer, quiet).astype(np.int32)).max()) for _ in range(120)]
    assert peaks[0] < 100
    assert all(later >= earlier for earlier, later in pairwise(peaks))
    assert max(np.diff(peaks)) <= 12
    assert np.array_equal(mix(mixer, quiet), quiet)


def test_a_voice_beyond_sixteen_and_a_cue_is_a_bug_of_the_caller_and_spoils_no_later_round():
    mixer, block = Mixer(), np.full(BLOCK_SAMPLES, 100, np.int16)
    with pytest.raises(ValueError):
        mix(mixer, *[block] * (MAX_VOICES + 2))
    mixer.mix()
    assert set(mix(mixer, *[block] * MAX_VOICES, beside=block).tolist()) == {1700}


def test_each_voice_is_measured_as_it_came_and_turned_alone():
    mixer = Mixer()
    for amplitude in (16384, 0, 8192):
        mixer.add(np.full(BLOCK_SAMPLES, amplitude, np.int16))
    assert mixer.powers() == pytest.approx([0.25, 0.0, 0.0625])
    mixer.turn(0, 0.5)
    mixer.turn(0, 0.5)
    mixer.turn(2, np.linspace(0.0, 1.0, BLOCK_SAMPLES, dtype=np.float32))
    mixed = mixer.mix()
    assert (mixed[0], mixed[-1]) == (4096, 4096 + 8192)
    assert set(mix(mixer, np.full(BLOCK_SAMPLES, 5, np.int16)).tolist()) == {5}


def test_what_is_no_number_can_not_pass_and_does_not_stay():
    limiter = Limiter()
    spoilt = np.resize(np.array([np.nan, np.inf, -np.inf, 100, 3e38], np.float32), BLOCK_SAMPLES)
    for _ in range(3):
        limited = limiter.limit(spoilt)
        assert limited.dtype == np.int16
        assert limited[0] == 0
        assert np.abs(limited.astype(np.int32)).max() <= CEILING
    assert 0.0 < limiter.gain < 1.0
    for _ in range(200):
        limited = limiter.limit(np.full(480, 100.0, dtype=np.float32))
    assert set(limited.tolist()) == {100}
    assert limiter.gain == 1.0


def test_a_block_of_nan_is_silence():
    assert not Limiter().limit(np.full(480, np.nan, dtype=np.float32)).any()
    assert len(Limiter().limit(np.zeros(0, dtype=np.float32))) == 0


def test_a_block_of_another_length_is_a_bug_of_the_caller():
    with pytest.raises(ValueError):
        mix(Mixer(), silence(), silence(479))
