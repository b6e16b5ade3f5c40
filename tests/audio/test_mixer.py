from itertools import pairwise

import numpy as np
import pytest

from audio.mixer import CEILING, MAX_VOICES, Limiter, Mixer
from audio.pcm import BLOCK_SAMPLES, silence


def _square(amplitude: int = 32767, period: int = 96) -> np.ndarray:
    loud = np.where(np.arange(BLOCK_SAMPLES) % period < period // 2, amplitude, -amplitude - 1)
    return loud.astype(np.int16)


def test_nobody_is_silence():
    assert np.array_equal(Mixer().mix({}), silence())


def test_one_speaker_below_the_ceiling_passes_sample_for_sample():
    mixer, rng = Mixer(), np.random.default_rng(1)
    for _ in range(10):
        block = rng.integers(-29_000, 29_000, BLOCK_SAMPLES).astype(np.int16)
        assert np.array_equal(mixer.mix({7: block}), block)


def test_two_speakers_are_added():
    a, b = _square(5000), _square(3000, period=60)
    assert np.array_equal(Mixer().mix({1: a, 2: b}), a + b)


def test_sixteen_full_scale_square_waves_stay_below_the_ceiling_and_keep_their_shape():
    mixer = Mixer()
    for _ in range(100):
        mixed = mixer.mix(dict.fromkeys(range(16), _square()))
        assert np.abs(mixed.astype(np.int32)).max() <= CEILING
    assert np.abs(mixed.astype(np.int32)).min() > CEILING * 0.99
    assert np.array_equal(mixed > 0, _square() > 0)


def test_sixteen_full_scale_squares_of_different_pitch_stay_below_the_ceiling():
    mixer, rng = Mixer(), np.random.default_rng(2)
    for _ in range(100):
        blocks = {n: _square(period=int(rng.integers(10, 480))) for n in range(16)}
        assert np.abs(mixer.mix(blocks).astype(np.int32)).max() <= CEILING


def test_the_limiter_lets_go_slowly_until_nothing_is_changed():
    mixer, quiet = Mixer(), _square(1000)
    mixer.mix(dict.fromkeys(range(16), _square()))
    peaks = [int(np.abs(mixer.mix({1: quiet}).astype(np.int32)).max()) for _ in range(120)]
    assert peaks[0] < 100
    assert all(later >= earlier for earlier, later in pairwise(peaks))
    assert max(np.diff(peaks)) <= 12
    assert np.array_equal(mixer.mix({1: quiet}), quiet)


def test_beyond_sixteen_the_quietest_are_left_out():
    loud = {n: np.full(BLOCK_SAMPLES, 100, np.int16) for n in range(MAX_VOICES)}
    quiet = {n: np.full(BLOCK_SAMPLES, 1, np.int16) for n in range(100, 200)}
    assert set(Mixer().mix({**quiet, **loud}).tolist()) == {1600}


def test_what_is_no_number_can_not_pass_and_does_not_stay():
    limiter = Limiter()
    spoilt = np.array([np.nan, np.inf, -np.inf, 100.0, 3e38], dtype=np.float32)
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
        Mixer().mix({1: silence(), 2: silence(479)})
