import gc
import sys
from pathlib import Path

import numpy as np
import pytest

from audio.codec import opus
from audio.codec.opus import (
    LOW_RATE_BPS,
    LOW_RATE_BYTES,
    PRIMARY_BPS,
    PRIMARY_BYTES,
    Decoder,
    Encoder,
)
from audio.errors import OpusError
from audio.level import dbfs
from audio.pcm import FRAME_SAMPLES, RATE_HZ


def _tone(seconds: float, amplitude: float = 8000.0) -> np.ndarray:
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (amplitude * np.sin(2 * np.pi * 200 * t)).astype(np.int16)


def _sounds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    n = RATE_HZ
    return {
        "silence": np.zeros(n, np.int16),
        "tone": _tone(1.0),
        "noise": rng.integers(-32768, 32768, n).astype(np.int16),
        "square": np.where(np.arange(n) % 160 < 80, 32767, -32768).astype(np.int16),
        "clicks": np.where(rng.random(n) > 0.9995, 30000, 0).astype(np.int16),
        "on and off": (_tone(1.0) * (np.arange(n) // 4800 % 2)).astype(np.int16),
    }


def _frames(sound):
    return sound.reshape(-1, FRAME_SAMPLES)


@pytest.mark.parametrize(
    ("rate_bps", "frame_bytes"), [(PRIMARY_BPS, PRIMARY_BYTES), (LOW_RATE_BPS, LOW_RATE_BYTES)]
)
def test_every_sound_gives_frames_of_one_size_that_the_decoder_knows(rate_bps, frame_bytes):
    encoder, decoder = Encoder(rate_bps), Decoder()
    for sound in _sounds().values():
        for frame in _frames(sound):
            encoded = encoder.encode(frame)
            assert len(encoded) == frame_bytes
            assert decoder.decode(encoded).shape == (FRAME_SAMPLES,)


def test_a_tone_comes_out_as_loud_as_it_went_in():
    encoder, decoder = Encoder(), Decoder()
    heard = np.concatenate([decoder.decode(encoder.encode(f)) for f in _frames(_tone(1.0))])
    assert abs(dbfs(heard[FRAME_SAMPLES * 5 :]) - dbfs(_tone(1.0))) < 1.0


def test_copies_at_the_low_rate_decode_in_the_same_stream():
    high, low, decoder = Encoder(), Encoder(LOW_RATE_BPS), Decoder()
    heard = []
    for index, frame in enumerate(_frames(_tone(1.0))):
        both = high.encode(frame), low.encode(frame)
        heard.append(decoder.decode(both[index % 3 == 0]))
    assert abs(dbfs(np.concatenate(heard)[FRAME_SAMPLES * 5 :]) - dbfs(_tone(1.0))) < 1.5


def test_a_slice_with_gaps_in_memory_encodes_like_a_copy_of_it():
    sound = _tone(0.04)
    assert Encoder().encode(sound[::2]) == Encoder().encode(sound[::2].copy())


@pytest.mark.parametrize(
    "pcm", [np.zeros(959, np.int16), np.zeros(960, np.float32), np.zeros((2, 480), np.int16)]
)
def test_a_frame_of_the_wrong_shape_is_a_bug_of_the_caller(pcm):
    with pytest.raises(ValueError):
        Encoder().encode(pcm)


FOREIGN = {
    "nothing": b"",
    "one byte": b"\x78",
    "zeros": bytes(60),
    "ones": b"\xff" * 60,
    "text": b"GET / HTTP/1.1\r\n\r\n".ljust(60),
    "too long": b"\x78" + bytes(250),
    "stereo": b"\x7c" + bytes(59),
    "two frames": b"\x79" + bytes(60),
    "two frames in a code 3 packet": b"\x7b\x02" + bytes(60),
    "celt only": b"\xf8" + bytes(59),
    "10 ms": b"\x70" + bytes(59),
    "padding without end": b"\x4b\x41" + b"\xff" * 28,
}


@pytest.mark.parametrize("frame", FOREIGN.values(), ids=FOREIGN.keys())
def test_foreign_bytes_are_an_error_and_leave_the_stream_as_it_was(frame):
    encoder, spoilt, clean = Encoder(), Decoder(), Decoder()
    for sound in _frames(_tone(0.2)):
        encoded = encoder.encode(sound)
        with pytest.raises(OpusError):
            spoilt.decode(frame)
        assert np.array_equal(spoilt.decode(encoded), clean.decode(encoded))


def test_random_bytes_are_nearly_always_refused():
    rng, decoder, refused = np.random.default_rng(7), Decoder(), 0
    for _ in range(2000):
        try:
            decoder.decode(rng.bytes(60))
        except OpusError:
            refused += 1
    assert refused > 1940


def test_concealment_goes_on_with_the_sound_and_fades():
    encoder, decoder = Encoder(), Decoder()
    for frame in _frames(_tone(0.2)):
        last = decoder.decode(encoder.encode(frame))
    invented = [decoder.conceal() for _ in range(20)]
    assert abs(dbfs(invented[0]) - dbfs(last)) < 6.0
    assert dbfs(invented[-1]) < dbfs(last) - 20.0
    assert decoder.conceal(480).shape == (480,)


def test_concealment_of_an_odd_length_is_an_error():
    with pytest.raises(OpusError):
        Decoder().conceal(7)


def test_more_than_a_frame_is_never_concealed_at_once():
    with pytest.raises(OpusError):
        Decoder().conceal(1920)


def test_a_rate_that_opus_does_not_know_is_an_error():
    with pytest.raises(OpusError, match="setting"):
        Encoder(-5)


class _Failing:
    """Stands in for a libopus that is out of memory."""

    def opus_encoder_create(self, *_):
        return None

    opus_decoder_create = opus_encoder_create


@pytest.mark.parametrize("codec", [Encoder, Decoder])
def test_a_codec_that_can_not_be_made_is_an_error(monkeypatch, codec):
    monkeypatch.setattr(opus.libopus, "load", _Failing)
    with pytest.raises(OpusError):
        codec()


def test_an_encoder_that_gives_another_size_is_an_error():
    encoder = Encoder()
    encoder.frame_bytes += 1
    encoder._library = type("Short", (), {"opus_encode": staticmethod(lambda *_: 40)})()
    with pytest.raises(OpusError, match="40"):
        encoder.encode(_tone(0.02))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/statm")
def test_codecs_give_their_memory_back():
    for _ in range(200):
        Encoder()
        Decoder()
    gc.collect()
    before = _resident_pages()
    for _ in range(400):
        Encoder()
        Decoder()
    gc.collect()
    # 400 pairs are about 25 MB if they are never freed.
    assert _resident_pages() - before < 1500


def _resident_pages() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1])
