"""Real PortAudio and real miniaudio against the null sinks of a PulseAudio server of our own."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from audio.capture.capture import DeviceCapture, capture_from
from audio.capture.sources import ToneSource, source_from
from audio.capture.treatment import Treatment
from audio.device import sound_card as device
from audio.device.device_errors import DeviceError
from audio.device.ring import Ring
from audio.level import dbfs
from audio.pcm import RATE_HZ
from audio.pipeline import Pipeline
from audio.playout.playout import DevicePlayout, playout_to
from bench.soundserver import Listener, SoundServer, missing

pytestmark = pytest.mark.skipif(
    bool(missing("pulseaudio")), reason=missing("pulseaudio") or "never"
)


class Loop:
    """One pipeline that hears itself: microphone, codec, jitter buffer, mixer, speaker."""

    def __init__(self, mic: str = "default", speaker: str = "default") -> None:
        self.problems: list[DeviceError] = []
        self.sent = 0
        self.pipeline = Pipeline(
            capture_from(mic),
            playout_to(speaker),
            self._back,
            self.problems.append,
            # A tone is noise to every noise reduction.
            treatment=Treatment(self.problems.append, process=False),
        )

    def _back(self, payload: bytes) -> None:
        self.sent += 1
        self.pipeline.put(1, payload, time.monotonic())

    def __enter__(self) -> "Loop":
        self.pipeline.start()
        # A null sink begins slowly: no callback in the first 1.5 s.
        _until(lambda: self.pipeline.devices_running == (True, True))
        self.pipeline.set_mic(True)
        return self

    def __exit__(self, *_: object) -> None:
        self.pipeline.stop()


@pytest.fixture(scope="module")
def sound_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer]:
    server = SoundServer("pulseaudio", tmp_path_factory.mktemp("pulse"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environ.items():
            patch.setenv(name, value)
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture(params=["sounddevice", "miniaudio"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "miniaudio":
        pytest.importorskip("miniaudio")
        monkeypatch.setattr(device, "_load_portaudio", lambda: None)
        monkeypatch.setattr(device, "_portaudio", None)
    return request.param


def _until(condition, limit_s: float = 10.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)


def _strongest_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * RATE_HZ / len(samples))


def _onset_s(listener: Listener) -> float | None:
    """When the first loud 2.5 ms came in."""
    pieces = list(listener.pieces)
    for at, data in pieces:
        piece = np.frombuffer(data[: len(data) // 2 * 2], np.int16)
        for start in range(0, len(piece), 120):
            if dbfs(piece[start : start + 120]) > -40:
                return at - (len(piece) - start) / RATE_HZ
    return None


def _tone(hz: float, seconds: float) -> np.ndarray:
    source = ToneSource(hz)
    return np.concatenate([source.read() for _ in range(round(seconds * 100))])


def _envelope(samples: np.ndarray) -> np.ndarray:
    windows = samples[: len(samples) // 960 * 960].reshape(-1, 960).astype(float)
    return np.sqrt((windows**2).mean(axis=1))


def test_the_devices_of_the_machine_are_listed(sound_server: SoundServer, library: str):
    names = device.list_devices()
    assert names.inputs
    assert names.outputs


def _say_a_tone(sound_server: SoundServer) -> None:
    with Loop() as loop, sound_server.speaking(_tone(1000.0, 20.0)):
        _until(lambda: loop.pipeline.speaking() == {1})
        listener = sound_server.listen("spk.monitor")
        _until(lambda: len(listener.samples()) > 2 * RATE_HZ)
        heard = listener.stop()[-RATE_HZ:]
    assert _strongest_hz(heard) == pytest.approx(1000, abs=3)
    assert dbfs(heard) == pytest.approx(-20, abs=1.5)
    holes = [dbfs(window) < -26 for window in heard.reshape(-1, 480)]
    assert sum(holes) <= 5, "holes in the sound"
    assert loop.problems == []
    assert loop.pipeline.counts()["capture_missed_ms"] <= 30
    assert loop.pipeline.counts()["playout_missed_ms"] <= 100


def _up_to_three_times(attempt) -> None:
    # A machine busy with other work may keep this one waiting for longer than a card can: what
    # is in order then succeeds at the next attempt, what is not fails at all three.
    for more_attempts in (2, 1, 0):
        try:
            attempt()
            break
        except AssertionError:
            if not more_attempts:
                raise


def test_a_tone_spoken_into_the_microphone_is_heard_at_the_speaker(
    sound_server: SoundServer, library: str
):
    _up_to_three_times(lambda: _say_a_tone(sound_server))


def _say_a_tone_into_other_cards(sound_server: SoundServer) -> None:
    with Loop() as loop, sound_server.speaking(_tone(1000.0, 20.0), "phone"):
        _until(lambda: loop.pipeline.speaking() == {1})
        listener = sound_server.listen("disc.monitor")
        _until(lambda: len(listener.samples()) > 2 * RATE_HZ)
        heard = listener.stop()[-RATE_HZ:]
    assert _strongest_hz(heard) == pytest.approx(1000, abs=3)
    assert dbfs(heard) == pytest.approx(-20, abs=2)


@pytest.mark.slow
def test_cards_of_other_rates_keep_the_pitch(sound_server: SoundServer, library: str):
    cards = ("sink_name=phone rate=16000 channels=1", "sink_name=disc rate=44100 channels=2")
    for card in cards:
        sound_server.control("load-module", "module-null-sink", *card.split())
    # A monitor itself is no microphone that anybody means by "default".
    source = "master=phone.monitor source_name=phone_mic rate=16000 channels=1"
    sound_server.control("load-module", "module-remap-source", *source.split())
    try:
        sound_server.control("set-default-source", "phone_mic")
        sound_server.control("set-default-sink", "disc")
        _up_to_three_times(lambda: _say_a_tone_into_other_cards(sound_server))
    finally:
        sound_server.control("set-default-source", "mic")
        sound_server.control("set-default-sink", "spk")


@pytest.mark.slow
def test_speech_arrives_as_it_was_spoken(sound_server: SoundServer):
    clip = source_from("clip:mandarin")
    assert clip is not None
    spoken = np.concatenate([clip.read() for _ in range(500)])
    with Loop() as loop:
        listener = sound_server.listen("spk.monitor")
        with sound_server.speaking(spoken):
            _until(lambda: len(listener.samples()) > 8 * RATE_HZ)
        heard = listener.stop()
    spoken_shape = _envelope(spoken)
    matches = [
        np.corrcoef(spoken_shape, _envelope(heard[start : start + len(spoken)]))[0, 1]
        for start in range(0, len(heard) - len(spoken), RATE_HZ // 200)
    ]
    print(f"likeness of the loudness curves: {max(matches):.3f}")
    assert max(matches) > 0.9
    assert loop.problems == []


@pytest.mark.slow
def test_from_mouth_to_ear_it_takes_little_time(sound_server: SoundServer):
    with Loop() as loop:
        mouth, ear = sound_server.listen("mic_in.monitor"), sound_server.listen("spk.monitor")
        _until(lambda: len(mouth.samples()) > 0 and len(ear.samples()) > 0)
        time.sleep(1)
        with sound_server.speaking(_tone(1000.0, 2.0)):
            _until(lambda: _onset_s(ear) is not None)
        spoken_s, heard_s = _onset_s(mouth), _onset_s(ear)
        mouth.stop()
        ear.stop()
    assert spoken_s is not None
    assert heard_s is not None
    delay_ms = 1000 * (heard_s - spoken_s)
    print(f"mouth to ear: {delay_ms:.0f} ms")
    assert 20 < delay_ms < 250
    assert loop.problems == []


@pytest.mark.slow
def test_a_sound_server_that_dies_and_comes_back_costs_only_a_pause(
    sound_server: SoundServer, library: str, capfd: pytest.CaptureFixture[str]
):
    with Loop() as loop:
        _until(lambda: loop.sent > 20)
        capfd.readouterr()
        sound_server.kill()
        _until(lambda: {problem.code for problem in loop.problems} >= {"microphone_lost"})
        _until(lambda: loop.pipeline.devices_running == (False, False))
        time.sleep(2)
        assert len(loop.problems) == 2
        sound_server.start()
        _until(lambda: loop.pipeline.devices_running == (True, True), 15)
        sent = loop.sent
        with sound_server.speaking(_tone(700.0, 20.0)):
            listener = sound_server.listen("spk.monitor")
            _until(lambda: loop.pipeline.speaking() == {1})
            count = len(listener.samples())
            _until(lambda: len(listener.samples()) > count + 2 * RATE_HZ)
            heard = listener.stop()[-RATE_HZ:]
    assert loop.sent > sent + 50
    assert _strongest_hz(heard) == pytest.approx(700, abs=3)
    assert "sound_failed" not in {problem.code for problem in loop.problems}
    assert capfd.readouterr().err == ""


def test_a_device_that_is_not_there_is_refused_with_those_that_are(
    sound_server: SoundServer, library: str
):
    with pytest.raises(DeviceError) as caught:
        DeviceCapture("no such microphone")
    assert caught.value.code == "no_microphone"
    assert "--mic" in caught.value.hint
    with pytest.raises(DeviceError) as caught:
        DevicePlayout("no such speaker")
    assert caught.value.code == "no_speaker"


def test_streams_can_be_opened_and_closed_again_and_again(sound_server: SoundServer, library: str):
    for _ in range(5):
        stream = device.open_input("default", Ring(), lambda: None)
        stream.close()
    assert stream.name
