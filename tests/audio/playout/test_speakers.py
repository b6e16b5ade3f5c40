import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.capture.sources import ToneSource
from audio.capture.voice import Voice
from audio.codec.framer import HALL, PAYLOAD_BYTES, TABLE
from audio.level import dbfs
from audio.pcm import BLOCK_S, BLOCK_SAMPLES
from audio.playout import speakers as speakers_module
from audio.playout.speakers import INBOX_PAYLOADS, Speakers


class Room:
    """Some who speak tones to one who listens, in virtual time."""

    def __init__(self, *tones_hz: float) -> None:
        self.failures: list[Exception] = []
        self.ear = Speakers(self.failures.append)
        self.now = 1000.0
        self.voices = [(Voice(), ToneSource(hz)) for hz in tones_hz]
        for voice, _ in self.voices:
            voice.open()

    def play(self, seconds: float) -> np.ndarray:
        heard = []
        for _ in range(round(seconds / BLOCK_S)):
            for number, (voice, source) in enumerate(self.voices):
                payload = voice.add(source.read())
                if payload is not None:
                    self.ear.put(number, payload, self.now)
            heard.append(self.ear.mix(self.now))
            self.now += BLOCK_S
        return np.concatenate(heard)


def _level_at(samples: np.ndarray, hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) / len(samples)
    at = round(hz * len(samples) / 48000)
    return float(20 * np.log10(spectrum[at - 3 : at + 4].max() + 1e-9))


def test_a_room_changes_profile_while_somebody_speaks_and_not_a_frame_is_missing():
    room = Room(440.0)
    room.play(1.0)
    for profile in (HALL, TABLE, HALL, TABLE):
        room.voices[0][0].profile = profile
        heard = room.play(2.0)
        loudness = [dbfs(window) for window in heard.reshape(-1, 960)]
        assert np.mean(np.array(loudness) < -26) <= 0.05
    jitter = room.ear._speakers[0].jitter
    assert jitter is not None
    assert jitter.counts.unplayed == 0
    assert jitter.counts.late == 0
    assert jitter.concealed_pct < 2.0


def test_low_delay_is_kept_while_packets_are_lost():
    room = Room(440.0)
    rng = np.random.default_rng(2)
    put = room.ear.put
    room.ear.put = lambda *payload: put(*payload) if rng.random() > 0.2 else None
    room.play(8.0)
    assert room.ear.stats(0)["delay_ms"] > 80
    room.ear.longest_s = 0.05
    room.play(12.0)
    assert room.ear.stats(0)["delay_ms"] < 65


def test_nobody_speaking_is_silence():
    room = Room()
    heard = room.play(0.1)
    assert heard.shape == (4800,)
    assert not heard.any()


def test_a_tone_arrives_at_its_level_and_is_measured():
    room = Room(440.0)
    room.play(1.0)
    heard = room.play(1.0)
    assert dbfs(heard) == pytest.approx(-20, abs=1.0)
    assert room.ear.levels()[0] == pytest.approx(-20, abs=1.0)
    assert room.ear.speaking() == {0}
    stats = room.ear.stats(0)
    assert 95 <= stats["played"] <= 100
    assert stats["concealed_pct"] < 5
    assert stats["delay_ms"] < 100


def test_sixteen_speakers_are_all_in_the_mix():
    tones = [200.0 + 150 * n for n in range(16)]
    room = Room(*tones)
    room.play(0.6)
    heard = room.play(0.5)
    levels = [_level_at(heard, hz) for hz in tones]
    assert max(levels) - min(levels) < 6
    assert min(levels) > _level_at(heard, 5000.0) + 30
    assert len(room.ear.levels()) == 16


def test_a_seventeenth_speaker_is_counted_and_not_heard():
    room = Room(*[440.0] * 17)
    room.play(0.2)
    assert set(room.ear.levels()) == set(range(16))
    assert room.ear.counts.crowded_out == 10


def test_a_dropped_speaker_falls_silent_and_makes_room():
    room = Room(440.0)
    room.play(0.5)
    room.voices.clear()
    room.ear.drop(0)
    assert not room.play(0.1).any()
    assert room.ear.levels() == {}
    room.ear.drop(0)


def test_the_time_of_the_first_sound_is_kept():
    room = Room(440.0)
    assert room.ear.first_played_s(0) is None
    began = room.now
    room.play(0.5)
    first = room.ear.first_played_s(0)
    assert first is not None
    assert began < first < began + 0.15
    room.play(0.5)
    assert room.ear.first_played_s(0) == first


def test_one_who_stops_is_silent_soon_and_no_longer_speaking():
    room = Room(440.0)
    room.play(1.0)
    room.voices.clear()
    room.play(1.0)
    assert dbfs(room.play(0.5)) < -80
    assert room.ear.speaking() == set()
    assert room.ear.levels()[0] < -80


def test_an_inbox_that_nobody_empties_is_bounded():
    room = Room()
    voice, source = Voice(), ToneSource(440.0)
    voice.open()
    for _ in range(1000):
        payload = voice.add(source.read())
        if payload:
            room.ear.put(0, payload, room.now)
    assert room.ear.counts.overflowed == 500 - INBOX_PAYLOADS
    room.play(0.1)
    assert room.failures == []


def test_a_payload_of_the_wrong_size_is_counted_before_it_makes_a_speaker():
    room = Room()
    for size in (0, 1, PAYLOAD_BYTES - 1, PAYLOAD_BYTES + 1, 60_000):
        room.ear.put(0, os.urandom(size), room.now)
    assert room.ear.counts.malformed == 5
    assert room.ear.levels() == {}


CELT_TOC = 23 << 3
FIRST_FRAME_AT = 6


def test_frames_that_the_decoder_does_not_take_are_counted_at_their_speaker():
    room = Room(440.0, 660.0)
    put = room.ear.put
    at = FIRST_FRAME_AT

    def put_other_mode(number, payload, arrival_s):
        if number == 0:
            payload = payload[:at] + bytes((CELT_TOC,)) + payload[at + 1 :]
        put(number, payload, arrival_s)

    room.play(0.5)
    assert room.ear.refused_at_s(0) is None
    room.ear.put = put_other_mode
    room.play(1.0)
    assert room.ear.stats(0)["refused"] > 30
    assert room.now - room.ear.refused_at_s(0) < 0.1
    assert room.ear.stats(1)["refused"] == 0
    assert room.ear.refused_at_s(1) is None
    assert room.ear.refused_at_s(7) is None


@settings(max_examples=settings().max_examples * 3 // 5)
@given(
    st.lists(
        st.one_of(
            st.binary(min_size=PAYLOAD_BYTES, max_size=PAYLOAD_BYTES),
            st.tuples(st.integers(0, PAYLOAD_BYTES - 1), st.integers(0, 255)),
        ),
        max_size=30,
    )
)
def test_whatever_a_speaker_sends_the_others_are_heard(mutations: list):
    room = Room(440.0)
    room.play(0.3)
    voice, source = Voice(), ToneSource(900.0)
    voice.open()
    for mutation in mutations:
        voice.add(source.read())
        payload = bytearray(voice.add(source.read()) or b"")
        if isinstance(mutation, bytes):
            payload = bytearray(mutation)
        else:
            payload[mutation[0]] = mutation[1]
        room.ear.put(7, bytes(payload), room.now)
        room.play(BLOCK_S)
    room.ear.drop(7)
    assert _level_at(room.play(0.2), 440.0) > -40
    assert room.failures == []


def test_a_decoder_that_breaks_is_made_anew_and_told(monkeypatch: pytest.MonkeyPatch):
    room = Room(440.0, 800.0)
    room.play(0.5)
    played = room.ear.stats(0)["played"]
    broken = room.ear._speakers[0].jitter
    monkeypatch.setattr(broken, "get", lambda now: 1 // 0)
    block = room.ear.mix(room.now)
    assert block.shape == (BLOCK_SAMPLES,)
    assert block.any()
    assert room.ear.counts.failed == 1
    assert isinstance(room.failures[0], ZeroDivisionError)
    room.play(0.5)
    assert room.ear.stats(0)["played"] > played
    assert len(room.failures) == 1


def test_stats_of_nobody_are_empty():
    assert Room().ear.stats(3) == {
        "concealed_pct": 0.0,
        "delay_ms": 0.0,
        "target_ms": 0.0,
        "level_dbfs": -96.0,
        "played": 0,
        "refused": 0,
    }
    assert speakers_module.MAX_VOICES == 16
