import os
import struct
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from audio.capture.sources import CLIPS, FileSource, ToneSource, clip_path, source_from
from audio.device.device_errors import DeviceError
from audio.level import dbfs
from audio.mixer import CEILING, Mixer
from audio.pcm import BLOCK_SAMPLES, RATE_HZ
from tests.audio.rounds import mix


def _write_wav(path: Path, rate_hz: int, channels: int, hz: float, seconds: float = 1.0) -> Path:
    times = np.arange(int(rate_hz * seconds)) / rate_hz
    mono = (np.sin(2 * np.pi * hz * times) * 8000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.repeat(mono, channels).tobytes())
    return path


def _hear(source, blocks: int) -> np.ndarray:
    read = [source.read() for _ in range(blocks)]
    assert all(block.shape == (BLOCK_SAMPLES,) and block.dtype == np.int16 for block in read)
    return np.concatenate(read)


def _strongest_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * RATE_HZ / len(samples))


def test_a_tone_has_its_frequency_its_level_and_no_clicks():
    heard = _hear(ToneSource(440.0, level_dbfs=-20.0), 100)
    assert _strongest_hz(heard) == pytest.approx(440, abs=1)
    assert dbfs(heard) == pytest.approx(-20.0, abs=0.05)
    # The steepest step of this sine: a click at a block border would be larger.
    steepest = 2 * np.pi * 440 / RATE_HZ * np.abs(heard.astype(float)).max()
    assert np.abs(np.diff(heard.astype(float))).max() <= steepest + 2


def test_silence_is_zeros():
    assert not _hear(source_from("silence"), 3).any()


@pytest.mark.parametrize("text", ["tone:", "tone:loud", "tone:5", "tone:99999", "tone:nan"])
def test_a_tone_that_nobody_could_hear_is_refused(text: str):
    with pytest.raises(DeviceError) as caught:
        source_from(text)
    assert caught.value.code == "bad_tone"
    assert "20 and 20000" in caught.value.message


@pytest.mark.parametrize(("rate_hz", "channels"), [(8000, 1), (44100, 2), (48000, 1), (96000, 2)])
def test_a_file_of_any_rate_and_channel_count_keeps_its_pitch_and_level(
    tmp_path: Path, rate_hz: int, channels: int
):
    path = _write_wav(tmp_path / "a.wav", rate_hz, channels, 1000.0)
    heard = _hear(FileSource(path), 90)
    assert _strongest_hz(heard) == pytest.approx(1000, abs=2)
    assert dbfs(heard) == pytest.approx(20 * np.log10(8000 / 32768 / np.sqrt(2)), abs=0.3)


def test_a_file_of_numbers_that_are_none_is_bounded_sound(tmp_path: Path):
    samples = np.tile(np.array([np.nan, np.inf, -np.inf, 1e30, 0.1], "<f4"), 9600)
    body = samples.tobytes()
    head = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16, 3, 1, 48000, 192000, 4, 32
    ) + struct.pack("<4sI", b"data", len(body))
    path = tmp_path / "nan.wav"
    path.write_bytes(head + body)
    heard = _hear(FileSource(path), 90)
    mixer = Mixer()
    played = [mix(mixer, block) for block in heard.reshape(-1, BLOCK_SAMPLES)]
    assert 0 < np.abs(np.concatenate(played).astype(int)).max() <= CEILING


@pytest.mark.parametrize("frames", [1, 5, 9, 10])
def test_a_file_of_a_few_samples_is_sound_and_does_not_hold_up_the_worker(
    tmp_path: Path, frames: int
):
    source = FileSource(_write_wav(tmp_path / "a.wav", 8000, 1, 1000.0, seconds=frames / 8000))
    began_s = time.perf_counter()
    heard = _hear(source, 300)
    assert time.perf_counter() - began_s < 1.0  # of three seconds of sound
    assert heard.any() or frames == 1  # the first sample of a sine is zero


def test_a_file_of_32_channels_is_mixed(tmp_path: Path):
    heard = _hear(FileSource(_write_wav(tmp_path / "a.wav", 48000, 32, 1000.0)), 50)
    assert _strongest_hz(heard) == pytest.approx(1000, abs=5)


def test_a_file_begins_again_at_its_end_without_a_hole(tmp_path: Path):
    source = FileSource(_write_wav(tmp_path / "a.wav", 48000, 1, 1000.0, seconds=0.123))
    heard = _hear(source, 200)
    windows = heard[: len(heard) // 480 * 480].reshape(-1, 480)
    assert min(dbfs(window) for window in windows) > -18


@pytest.mark.parametrize("name", CLIPS)
def test_the_shipped_clips_are_about_ten_seconds_of_speech(name: str):
    source = source_from(f"clip:{name}")
    first = _hear(source, 800)
    assert -35 < dbfs(first) < -10
    source.close()
    assert not source.read().any()


def test_the_shipped_clips_are_small():
    assert sum(clip_path(name).stat().st_size for name in CLIPS) <= 100_000


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty.wav"),
        (os.urandom(4000), "noise.bin"),
        (b"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:9/x.ts\n", "list.m3u8"),
        (b"ffconcat version 1.0\nfile other.wav\n", "list.ffconcat"),
    ],
)
def test_what_is_no_sound_is_refused_with_its_name(tmp_path: Path, content: bytes, name: str):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DeviceError) as caught:
        source_from(f"file:{path}")
    assert caught.value.code == "no_sound_file"
    assert name in caught.value.message
    assert caught.value.exit_code == 7


def test_a_play_list_does_not_reach_other_files(tmp_path: Path):
    _write_wav(tmp_path / "other.wav", 48000, 1, 1000.0)
    path = tmp_path / "list.m3u8"
    path.write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\nfile://{tmp_path}/other.wav\n"
        "#EXT-X-ENDLIST\n"
    )
    with pytest.raises(DeviceError):
        FileSource(path)


def test_a_truncated_file_plays_what_is_there_again_and_again(tmp_path: Path):
    whole = clip_path("english").read_bytes()
    path = tmp_path / "half.opus"
    path.write_bytes(whole[: len(whole) // 3])
    heard = _hear(FileSource(path), 1500)
    assert dbfs(heard[-48000 * 4 :]) > -35


def test_a_missing_file_a_folder_and_a_pipe_are_refused_at_once(tmp_path: Path):
    candidates = [tmp_path / "none.wav", tmp_path]
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe")
        candidates.append(tmp_path / "pipe")
    for path in candidates:
        with pytest.raises(DeviceError) as caught:
            FileSource(path)
        assert caught.value.code == "no_sound_file"


def test_an_unknown_clip_is_refused():
    with pytest.raises(DeviceError):
        source_from("clip:latin")


def test_anything_else_names_a_device():
    assert source_from("default") is None
    assert source_from("USB Headset: Audio (hw:1,0)") is None
