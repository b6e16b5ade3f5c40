import numpy as np
import pytest

from audio.pcm import FRAME_S
from audio.playout.delay import MAX_DELAY_S, MIN_DELAY_S, DelayEstimator


def _learn(estimator, lateness_s, first=0):
    for seq, late_s in enumerate(lateness_s, start=first):
        estimator.arrived(seq, 100.0 + seq * FRAME_S + late_s)


def test_before_anything_has_arrived_nothing_is_late():
    estimator = DelayEstimator()
    assert estimator.lateness_s(5, 123.0) == 0.0
    assert estimator.target_s == MIN_DELAY_S


def test_an_even_stream_needs_the_least_delay():
    estimator = DelayEstimator()
    _learn(estimator, np.random.default_rng(1).uniform(0, 0.004, 500))
    assert estimator.target_s == MIN_DELAY_S
    assert estimator.lateness_s(500, 100.0 + 500 * FRAME_S + 0.05) == pytest.approx(0.05, abs=0.001)


def test_scatter_is_waited_for():
    estimator = DelayEstimator()
    _learn(estimator, np.random.default_rng(1).uniform(0, 0.06, 500))
    assert 0.05 <= estimator.target_s <= 0.07


def test_one_frame_in_a_hundred_is_worth_20_ms_and_no_more():
    near, far = DelayEstimator(), DelayEstimator()
    _learn(near, [0.014 if n % 50 == 0 else 0.0 for n in range(1, 500)])
    _learn(far, [0.300 if n == 100 else 0.0 for n in range(1, 190)])
    assert near.target_s == pytest.approx(0.015)
    assert far.target_s == MIN_DELAY_S


def test_what_scattered_once_is_forgotten():
    estimator = DelayEstimator()
    _learn(estimator, [0.2 if n % 3 else 0.0 for n in range(60)])
    assert estimator.target_s > 0.19
    _learn(estimator, [0.0] * 250, first=60)
    assert estimator.target_s < 0.02


def test_the_target_stays_in_bounds_whatever_comes():
    estimator = DelayEstimator()
    rng = np.random.default_rng(3)
    for _ in range(2000):
        estimator.arrived(int(rng.integers(0, 2**32)), float(rng.uniform(0, 1e6)))
        assert MIN_DELAY_S <= estimator.target_s <= MAX_DELAY_S


def test_a_longer_path_costs_delay_only_until_it_is_known_to_be_longer():
    estimator = DelayEstimator()
    _learn(estimator, [0.0] * 300)
    _learn(estimator, [0.1] * 60, first=300)
    assert estimator.target_s > 0.09
    _learn(estimator, [0.1] * 100, first=360)
    assert estimator.target_s == MIN_DELAY_S
    assert estimator.lateness_s(460, 100.0 + 460 * FRAME_S + 0.1) == pytest.approx(0.0, abs=1e-6)


def test_a_slow_clock_is_followed():
    estimator = DelayEstimator()
    _learn(estimator, np.arange(5000) * 20e-6)
    assert estimator.target_s == MIN_DELAY_S
    late_s = estimator.lateness_s(5000, 100.0 + 5000 * (FRAME_S + 20e-6))
    assert late_s < 0.004


def test_after_a_pause_the_next_frame_is_the_quickest():
    announced, silent = DelayEstimator(), DelayEstimator()
    for estimator in (announced, silent):
        _learn(estimator, [0.0] * 300)
    announced.restart()
    for estimator in (announced, silent):
        _learn(estimator, [5.0], first=300)
        assert estimator.lateness_s(300, 100.0 + 300 * FRAME_S + 5.0) == pytest.approx(0.0)
        assert estimator.target_s == MIN_DELAY_S
