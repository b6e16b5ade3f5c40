"""Frames become longer or shorter so that the delay comes to what is aimed at."""

import numpy as np
import pytest

from audio.pcm import FRAME_S, FRAME_SAMPLES, RATE_HZ
from audio.playout.delay import MIN_DELAY_S, DelayEstimator
from audio.playout.fitter import Fitter
from audio.playout.packet_buffer import JitterCounts

TIMES_S = np.arange(FRAME_SAMPLES) / RATE_HZ
TONE = (8000 * np.sin(2 * np.pi * 200 * TIMES_S)).astype(np.int16)
QUIET = np.zeros(FRAME_SAMPLES, np.int16)
NOISE = (np.random.default_rng(1).normal(size=FRAME_SAMPLES) * 4000).astype(np.int16)


@pytest.fixture
def counts():
    return JitterCounts()


@pytest.fixture
def fitter(counts):
    delay = DelayEstimator()
    assert delay.target_s == MIN_DELAY_S
    return Fitter(delay, counts)


def played(fitter, frame, frames, queued=0):
    return [len(fitter.fit(frame, queued)) for _ in range(frames)]


def test_what_is_played_on_time_stays_as_it_is(fitter, counts):
    fitter.start(MIN_DELAY_S)
    assert fitter.fit(TONE, 0) is TONE
    assert counts.stretched == 0


def test_missing_delay_is_built_up_at_once_by_whole_periods(fitter, counts):
    fitter.start(0.0)
    (longer,) = played(fitter, TONE, 1)
    assert longer == pytest.approx(FRAME_SAMPLES + 240, abs=2)
    assert counts.stretched == 1


def test_speech_without_a_period_is_not_made_longer(fitter):
    fitter.start(0.0)
    assert played(fitter, NOISE, 3) == [FRAME_SAMPLES] * 3


def test_delay_that_nobody_needs_goes_in_the_next_pause(fitter):
    fitter.start(MIN_DELAY_S + 0.02)
    assert played(fitter, TONE, 10) == [FRAME_SAMPLES] * 10
    in_pause = played(fitter, QUIET, 12)
    assert in_pause[:7] == [FRAME_SAMPLES] * 7
    assert sum(in_pause) == 12 * FRAME_SAMPLES - 2 * 480


def test_without_a_pause_it_goes_by_periods_after_three_seconds(fitter):
    fitter.start(MIN_DELAY_S + 0.02)
    lengths = played(fitter, TONE, 160)
    assert lengths[:150] == [FRAME_SAMPLES] * 150
    assert lengths[150] < FRAME_SAMPLES


def test_and_by_anything_after_six(fitter):
    fitter.start(MIN_DELAY_S + 0.02)
    lengths = played(fitter, NOISE, 310)
    assert lengths[:300] == [FRAME_SAMPLES] * 300
    assert lengths[300] == FRAME_SAMPLES - 480


def test_after_stalls_it_waits_longer(counts):
    delay = DelayEstimator()
    delay.arrived(0, 0.0)
    delay.arrived(1, FRAME_S + 0.2)
    assert delay.stalls
    fitter = Fitter(delay, counts)
    fitter.start(delay.target_s + 0.02)
    lengths = played(fitter, TONE, 360)
    assert lengths[:350] == [FRAME_SAMPLES] * 350
    assert lengths[350] < FRAME_SAMPLES


def test_what_waits_in_the_queue_goes_without_a_frame_being_due_sooner(fitter):
    fitter.start(MIN_DELAY_S)
    played(fitter, QUIET, 8)
    assert played(fitter, QUIET, 3, queued=480) == [FRAME_SAMPLES - 480] * 3


def test_scatter_is_smoothed_and_a_frame_given_up_is_20_ms_less(fitter):
    fitter.start(MIN_DELAY_S)
    fitter.follow(MIN_DELAY_S - 0.02)
    assert played(fitter, TONE, 1) == [FRAME_SAMPLES]
    fitter.dropped()
    assert played(fitter, TONE, 1)[0] > FRAME_SAMPLES
