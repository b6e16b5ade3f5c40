import numpy as np
import pytest

from audio.capture.pitch import FARTHEST, PitchShift


def shifted(hz, ratio, seconds=2):
    shift = PitchShift(160)
    t = np.arange(16_000 * seconds) / 16_000
    wave = sum(np.sin(2 * np.pi * hz * k * t) for k in range(1, 6)).astype(np.float32)
    out = []
    for at in range(0, len(wave), 160):
        out.append(shift.shift(wave[at : at + 160], ratio))
        assert 0 <= shift.delay_samples <= FARTHEST
    return np.concatenate(out)


def fundamental(sound):
    tail = sound[8000:12_000].astype(float)
    alike = np.correlate(tail, tail, "full")[len(tail) - 1 :]
    lags = np.arange(16_000 // 400, 16_000 // 60)
    highest = alike[lags].max()
    first = next(lag for lag in lags if alike[lag] > 0.9 * highest)
    around = np.arange(first, first + 8)
    return 16_000 / float(around[np.argmax(alike[around])])


@pytest.mark.parametrize("ratio", [0.77, 0.85, 1.15, 1.25])
@pytest.mark.parametrize("hz", [110, 200])
def test_the_pitch_moves_by_the_ratio(hz, ratio):
    assert fundamental(shifted(hz, ratio)) == pytest.approx(hz * ratio, rel=0.06)


def test_a_ratio_of_one_is_only_a_delay():
    out = shifted(150, 1.0)
    assert fundamental(out) == pytest.approx(150, rel=0.01)


@pytest.mark.parametrize("ratio", [0.7, 1.4])
def test_noise_and_silence_stay_bounded(ratio):
    shift = PitchShift(160)
    rng = np.random.default_rng(1)
    for _ in range(300):
        out = shift.shift(rng.normal(size=160).astype(np.float32), ratio)
        assert np.abs(out).max() < 10
    for _ in range(20):
        out = shift.shift(np.zeros(160, np.float32), ratio)
    assert not out.any()
