import numpy as np
import pytest

from audio.capture.sources import CLIPS, source_from
from audio.device_check import (
    CHECK_DBFS,
    CHIRP_EVERY_S,
    CHIRPS,
    band_end_hz,
    chirp,
    chirps,
    chord,
    coupling,
    loop_latency_ms,
    mic_level,
)
from audio.level import dbfs
from audio.pcm import RATE_HZ, silence

RNG = np.random.default_rng(5)


def _noise(level_dbfs: float, samples: int) -> np.ndarray:
    return RNG.normal(0, 32768 * 10 ** (level_dbfs / 20), samples)


def _as_heard(played: np.ndarray, gain_db: float, delay_s: float, noise_dbfs: float) -> np.ndarray:
    delayed = np.concatenate((np.zeros(round(delay_s * RATE_HZ)), played * 10 ** (gain_db / 20)))
    return np.clip(np.rint(delayed + _noise(noise_dbfs, len(delayed))), -32768, 32767).astype(
        np.int16
    )


def _speech(seconds: float) -> np.ndarray:
    source = source_from("clip:english")
    assert source is not None
    return np.concatenate([source.read() for _ in range(round(100 * seconds))]).astype(float)


@pytest.mark.parametrize("sound", [chord(1.0), chirp()])
def test_what_is_played_has_one_level_and_soft_edges(sound):
    assert dbfs(sound) == pytest.approx(CHECK_DBFS, abs=0.1)
    assert abs(int(sound[0])) < 100
    assert abs(int(sound[-1])) < 100
    assert np.abs(sound.astype(int)).max() < 16_000


@pytest.mark.parametrize("delay_ms", [0, 7, 41, 120, 350])
def test_the_delay_of_a_loop_is_found_to_the_millisecond(delay_ms):
    heard = _as_heard(chirps(), -20, delay_ms / 1000, -60)
    assert loop_latency_ms(heard, 0.0) == pytest.approx(delay_ms, abs=1)


def test_the_delay_is_found_in_a_recording_that_began_later_or_earlier():
    heard = _as_heard(chirps(), -20, 0.1, -60)
    assert loop_latency_ms(heard[round(0.03 * RATE_HZ) :], 0.03) == pytest.approx(100, abs=1)
    early = np.concatenate((silence(960), heard))
    assert loop_latency_ms(early, -0.02) == pytest.approx(100, abs=1)


def test_the_delay_is_found_under_noise_as_loud_as_the_echo():
    assert loop_latency_ms(_as_heard(chirps(), -30, 0.06, -48), 0.0) == pytest.approx(60, abs=1)


@pytest.mark.parametrize(
    "heard",
    [
        silence(CHIRPS * RATE_HZ),
        silence(0),
        _noise(-30, CHIRPS * RATE_HZ).astype(np.int16),
        _speech(4.0).astype(np.int16),
    ],
)
def test_no_delay_is_made_up_where_no_chirp_was_heard(heard):
    assert loop_latency_ms(heard, 0.0) is None


def test_a_recording_that_breaks_off_gives_what_it_has():
    heard = _as_heard(chirps(), -20, 0.05, -60)
    assert loop_latency_ms(heard[: round(2.5 * CHIRP_EVERY_S * RATE_HZ)], 0.0) == pytest.approx(
        50, abs=1
    )
    assert loop_latency_ms(heard[: round(1.2 * CHIRP_EVERY_S * RATE_HZ)], 0.0) is None


@pytest.mark.parametrize("gain_db", [6, 0, -12, -30, -44])
def test_coupling_is_measured_to_a_decibel(gain_db):
    played = chord(1.5)
    heard = _as_heard(played, gain_db, 0.08, -75)[round(0.3 * RATE_HZ) : round(1.4 * RATE_HZ)]
    found = coupling(played, heard)
    assert found is not None
    assert found.db == pytest.approx(gain_db, abs=1)
    assert not found.headphones


def test_headphones_are_told_from_a_loudspeaker():
    played = chord(1.5)
    found = coupling(played, _as_heard(played, -56, 0.08, -80)[24_000:60_000])
    assert found is not None
    assert found.headphones
    found = coupling(played, _noise(-78, 40_000).astype(np.int16))
    assert found is not None
    assert found.db is None
    assert found.headphones


def test_in_a_loud_room_it_is_not_claimed_that_there_are_headphones():
    found = coupling(chord(1.5), _noise(-20, 40_000).astype(np.int16))
    assert found is not None
    assert found.db is None
    assert not found.headphones
    assert found.at_most_db > -45


def test_a_dead_microphone_says_nothing_about_echo():
    assert coupling(chord(1.5), silence(48_000)) is None
    assert coupling(chord(1.5), silence(480)) is None
    assert coupling(silence(480), _noise(-30, 48_000).astype(np.int16)) is None


@pytest.mark.parametrize(
    ("heard", "verdict"),
    [
        (silence(RATE_HZ), "dead"),
        (silence(0), "dead"),
        (_noise(-65, RATE_HZ).astype(np.int16), "quiet"),
        (_speech(3.0).astype(np.int16), "good"),
        (np.resize(np.array([32767, -32768], np.int16), RATE_HZ), "clipped"),
    ],
)
def test_a_microphone_is_judged_by_what_it_delivers(heard, verdict):
    assert mic_level(heard).verdict == verdict


def test_the_noise_of_the_room_is_what_is_there_between_the_words():
    speech = _speech(6.0) + _noise(-55, 6 * RATE_HZ)
    found = mic_level(np.clip(speech, -32768, 32767).astype(np.int16))
    assert found.floor_dbfs == pytest.approx(-55, abs=3)
    assert found.level_dbfs > -30
    assert found.peak_dbfs > found.level_dbfs


@pytest.mark.parametrize("end_hz", [4000, 8000])
def test_where_a_microphone_is_cut_off_is_found(end_hz):
    noise = np.random.default_rng(7).normal(0, 300, 3 * RATE_HZ)
    spectrum = np.fft.rfft(noise)
    spectrum[round(end_hz * len(noise) / RATE_HZ) :] = 0
    assert band_end_hz(np.rint(np.fft.irfft(spectrum)).astype(np.int16)) == end_hz


@pytest.mark.parametrize("level", [0.0, 0.3, 300.0])
def test_a_whole_band_silence_and_too_little_are_no_telephone(level):
    noise = np.random.default_rng(7).normal(0, level, 3 * RATE_HZ)
    assert band_end_hz(np.rint(noise).astype(np.int16)) is None
    assert band_end_hz(np.rint(noise[:1000]).astype(np.int16)) is None


@pytest.mark.parametrize("name", CLIPS)
def test_real_voices_from_a_wider_band_are_no_telephone(name):
    source = source_from(f"clip:{name}")
    heard = np.concatenate([source.read() for _ in range(800)])
    for begin in range(0, len(heard) - 3 * RATE_HZ, RATE_HZ):
        assert band_end_hz(heard[begin : begin + 3 * RATE_HZ]) is None
