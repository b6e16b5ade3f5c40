import numpy as np
import pytest

from audio.capture.sources import ToneSource
from audio.capture.voice import Voice
from audio.codec.framer import HALL, PAYLOAD_BYTES, TABLE, unpack
from audio.codec.opus import Decoder
from audio.level import dbfs
from audio.pcm import silence


def _speak(voice: Voice, blocks: int, source: ToneSource | None = None) -> list[bytes]:
    source = source or ToneSource(440.0)
    payloads = [voice.add(source.read()) for _ in range(blocks)]
    return [payload for payload in payloads if payload is not None]


def test_a_closed_microphone_gives_nothing_but_is_metered():
    voice = Voice()
    assert _speak(voice, 50) == []
    assert voice.level_dbfs == pytest.approx(-20, abs=0.5)
    assert voice.speaking
    assert not voice.is_open


def test_an_open_microphone_gives_one_payload_of_one_size_per_20_ms():
    voice = Voice()
    voice.open()
    payloads = _speak(voice, 100)
    assert len(payloads) == 50
    assert {len(payload) for payload in payloads} == {PAYLOAD_BYTES}
    assert [unpack(payload).seq for payload in payloads] == list(range(50))
    assert unpack(payloads[-1]).speaking


def test_silence_and_speech_give_payloads_of_the_same_size():
    voice = Voice()
    voice.open()
    silent = [voice.add(silence()) for _ in range(20)]
    assert {len(payload) for payload in silent if payload} == {PAYLOAD_BYTES}


def test_closing_sends_one_last_payload_of_pure_silence():
    voice = Voice()
    voice.open()
    payloads = _speak(voice, 41)
    last = voice.close()
    assert last is not None
    packet = unpack(last)
    assert packet.last
    assert not packet.speaking
    decoder = Decoder()
    for payload in payloads:
        decoder.decode(unpack(payload).frames[0])
    # The codec looks 6.5 ms ahead: the end of the tone fades out at the start of this frame.
    assert dbfs(decoder.decode(packet.frames[0])[480:]) < -35
    assert voice.close() is None
    assert _speak(voice, 10) == []


def test_half_a_frame_from_before_the_pause_never_goes_out():
    voice = Voice()
    voice.open()
    loud, quiet = ToneSource(440.0, level_dbfs=-6.0), silence()
    assert voice.add(loud.read()) is None
    voice.close()
    voice.open()
    assert voice.add(quiet) is None
    payload = voice.add(quiet)
    assert payload is not None
    assert np.abs(Decoder().decode(unpack(payload).frames[0]).astype(int)).max() < 50


def test_after_a_pause_numbers_go_on_and_no_old_copies_are_sent():
    voice = Voice()
    voice.open()
    before = unpack(_speak(voice, 20)[-1])
    closing = voice.close()
    voice.open()
    after = unpack(_speak(voice, 2)[0])
    assert closing is not None
    assert after.seq == before.seq + 2
    assert after.copies == ()


def test_the_hall_gets_half_of_the_payloads_and_the_last_holds_what_waited():
    voice = Voice()
    voice.profile = HALL
    voice.open()
    payloads = _speak(voice, 42)
    closing = voice.close()
    assert len(payloads) == 10
    assert closing is not None
    packets = [unpack(payload) for payload in (*payloads, closing)]
    assert [packet.seq for packet in packets] == list(range(0, 22, 2))
    assert packets[-1].last
    decoder = Decoder()
    loudness = [dbfs(decoder.decode(frame)) for packet in packets for frame in packet.frames]
    assert min(loudness[1:20]) > -30
    assert loudness[-1] < -20


def test_the_profile_changes_between_two_payloads():
    voice = Voice()
    voice.open()
    packets = [unpack(payload) for payload in _speak(voice, 10)]
    voice.profile = HALL
    packets += [unpack(payload) for payload in _speak(voice, 20)]
    voice.profile = TABLE
    packets += [unpack(payload) for payload in _speak(voice, 10)]
    assert [number for packet in packets for number in packet.numbers] == list(range(20))
    assert [packet.profile.name for packet in packets].count("hall") == 5
