import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.capture.lpc import predictor, with_moved_resonances

RESONANCE = np.poly([0.95 * np.exp(1j * 0.4), 0.95 * np.exp(-1j * 0.4)]).real


def resonance(frame):
    poles = np.roots(predictor(frame * np.hanning(len(frame)), 2))
    return abs(np.angle(poles[0]))


def sounding(coefficients, samples=4000):
    rng = np.random.default_rng(1)
    out = np.zeros(samples)
    for at in range(2, samples):
        out[at] = rng.normal() - coefficients[1] * out[at - 1] - coefficients[2] * out[at - 2]
    return out


def test_a_resonance_is_found():
    assert resonance(sounding(RESONANCE)) == pytest.approx(0.4, abs=0.05)


def test_the_power_moves_it_up_and_one_leaves_it():
    moved = with_moved_resonances(RESONANCE, 0.75)
    assert abs(np.angle(np.roots(moved)[0])) == pytest.approx(0.4**0.75, abs=1e-6)
    assert np.allclose(with_moved_resonances(RESONANCE, 1.0), RESONANCE)


def test_silence_has_no_resonances():
    flat = predictor(np.zeros(320), 18)
    assert np.array_equal(flat, [1] + 18 * [0])
    assert np.array_equal(with_moved_resonances(flat, 0.8), flat)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["noise", "square", "impulse", "tone", "tiny"]),
    st.floats(0.6, 1.5),
)
def test_every_moved_filter_is_stable(seed, kind, power):
    rng = np.random.default_rng(seed)
    frame = {
        "noise": rng.normal(size=320) * 30_000,
        "square": np.where(np.arange(320) // int(rng.integers(1, 80)) % 2, 32767.0, -32768.0),
        "impulse": np.eye(320)[int(rng.integers(320))] * 32767,
        "tone": np.sin(np.arange(320) * rng.uniform(0.001, 3.1)) * 32767,
        "tiny": rng.normal(size=320) * 1e-3,
    }[kind]
    moved = with_moved_resonances(predictor(frame, 18), power)
    assert moved.shape == (19,)
    assert np.isfinite(moved).all()
    assert np.abs(np.roots(moved)).max(initial=0) < 0.999
