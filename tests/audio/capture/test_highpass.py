import numpy as np
import pytest

from audio.capture.highpass import HighPass


def through(hz: float, corner_hz: float = 80.0) -> float:
    low_cut = HighPass(corner_hz)
    wave = np.sin(2 * np.pi * hz / 48_000 * np.arange(48_000)).astype(np.float32)
    out = np.concatenate([low_cut.filter(wave[at : at + 480]) for at in range(0, 48_000, 480)])
    tail = out[24_000:]
    return float(20 * np.log10(np.sqrt(2 * np.mean(tail.astype(float) ** 2))))


@pytest.mark.parametrize(("hz", "gain_db"), [(10, -36), (80, -6), (300, -0.6), (8000, 0)])
def test_what_is_below_the_corner_is_taken_away(hz, gain_db):
    assert through(hz) == pytest.approx(gain_db, abs=1.0)


def test_a_constant_offset_disappears():
    low_cut = HighPass(60)
    for _ in range(50):
        out = low_cut.filter(np.full(480, 20_000, np.float32))
    assert np.abs(out).max() < 1


def test_blocks_do_not_matter():
    noise = np.random.default_rng(1).normal(size=960).astype(np.float32)
    halves = HighPass(60)
    pieces = np.concatenate([halves.filter(noise[:480]), halves.filter(noise[480:])])
    whole = HighPass(60, block_samples=960).filter(noise)
    assert np.allclose(pieces, whole, atol=1e-4)
