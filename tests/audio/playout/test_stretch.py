import numpy as np
import pytest

from audio.level import dbfs
from audio.pcm import FRAME_SAMPLES, RATE_HZ
from audio.playout.stretch import (
    MAX_PERIOD,
    MIN_PERIOD,
    PauseDetector,
    any_period,
    compress,
    expand,
    find_period,
)


def _tone(frequency_hz: float, amplitude: float = 8000.0) -> np.ndarray:
    t = np.arange(FRAME_SAMPLES) / RATE_HZ
    voice = sum(np.sin(2 * np.pi * k * frequency_hz * t) / k for k in range(1, 6))
    return (amplitude * voice).astype(np.int16)


def _biggest_jump(*parts: np.ndarray) -> int:
    return int(np.abs(np.diff(np.concatenate(parts).astype(np.int32))).max())


@pytest.mark.parametrize("frequency_hz", [105.0, 130.0, 200.0, 310.0, 390.0])
def test_the_period_of_a_voice_is_a_multiple_of_its_pitch(frequency_hz):
    period = find_period(_tone(frequency_hz))
    assert period is not None
    pitch = RATE_HZ / frequency_hz
    assert abs(period / pitch - round(period / pitch)) < 0.02
    assert MIN_PERIOD <= period <= MAX_PERIOD


def test_noise_has_no_period():
    noise = np.random.default_rng(1).normal(0, 5000, FRAME_SAMPLES).astype(np.int16)
    assert find_period(noise) is None


def test_where_nobody_hears_it_the_longest_period_asked_for_goes():
    assert any_period(333) == 333
    assert any_period(3000) == MAX_PERIOD
    assert any_period(MIN_PERIOD - 1) is None


def test_a_pause_is_quiet_beside_the_speech_and_longer_than_a_gap_between_words():
    pauses, quiet = PauseDetector(), _tone(200.0, 200.0)
    assert not any(pauses.update(_tone(200.0)) for _ in range(20))
    assert [pauses.update(quiet) for _ in range(10)] == [False] * 7 + [True] * 3
    assert not pauses.update(_tone(200.0))
    assert not pauses.update(quiet)


def test_silence_is_a_pause_and_steady_noise_is_none():
    noise = np.random.default_rng(1).normal(0, 1000, FRAME_SAMPLES).astype(np.int16)
    steady, silent = PauseDetector(), PauseDetector()
    assert not any(steady.update(noise) for _ in range(2000))
    assert [silent.update(np.zeros(FRAME_SAMPLES, np.int16)) for _ in range(11)][-1]


def test_too_little_to_take_is_no_period():
    assert find_period(_tone(200.0), MIN_PERIOD - 1) is None
    assert find_period(_tone(200.0), -5) is None


def test_a_frame_of_another_length_has_no_period():
    assert find_period(_tone(200.0)[:480]) is None


def test_a_bound_below_the_pitch_finds_nothing_that_would_be_heard():
    assert find_period(_tone(105.0), 200) is None


@pytest.mark.parametrize("frequency_hz", [110.0, 200.0, 333.0])
def test_shorter_and_longer_frames_join_like_the_frame_and_are_as_loud(frequency_hz):
    t = np.arange(3 * FRAME_SAMPLES) / RATE_HZ
    sound = (8000 * np.sin(2 * np.pi * frequency_hz * t)).astype(np.int16)
    before, frame, after = np.split(sound, 3)
    period = find_period(frame)
    assert period is not None
    natural = _biggest_jump(sound)
    for changed, length in (
        (compress(frame, period), FRAME_SAMPLES - period),
        (expand(frame, period), FRAME_SAMPLES + period),
    ):
        assert len(changed) == length
        assert _biggest_jump(before, changed, after) < 1.3 * natural
        assert abs(dbfs(changed) - dbfs(frame)) < 1.0


def test_full_scale_does_not_wrap_around():
    loud = np.where(np.arange(FRAME_SAMPLES) % 240 < 120, 32767, -32768).astype(np.int16)
    assert np.abs(expand(loud, 240).astype(np.int32)).max() <= 32768
    assert np.array_equal(compress(loud, 240), loud[240:])
