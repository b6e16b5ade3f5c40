import json

import numpy as np
import pytest

from audio.capture.capture import capture_from
from audio.device.device_choice import no_device
from audio.device.sound_card import DeviceNames
from audio.pcm import BLOCK_SAMPLES, silence
from audio.playout.playout import NullPlayout, playout_to
from tui.devices import command as devices
from tui.i18n import use_language


class Room:
    """A loudspeaker that a microphone hears, on a clock of its own.

    What is played comes back ``delay_blocks`` later and ``gain`` times as loud, with some noise.
    """

    def __init__(self, *, gain: float = 0.1, delay_blocks: int = 6, noise: float = 8.0) -> None:
        self.now = 100.0
        self.gain = gain
        self.noise = noise
        self.air = [silence() for _ in range(delay_blocks)]
        self.played: list[np.ndarray] = []
        self.rng = np.random.default_rng(3)
        self.running = True
        self.closed = 0

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += max(seconds, 0.001)

    def machine(self, mic=None, speaker=None, names=None) -> devices.Machine:
        return devices.Machine(
            lambda: names or DeviceNames(("Headset Mic",), ("Headset",)),
            mic or (lambda text: capture_from(text) if ":" in text else Ear(self)),
            speaker or (lambda text: playout_to(text) if text == "null" else Mouth(self)),
            self.clock,
            self.wait,
        )


class Mouth(NullPlayout):
    name = "Headset"

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.room = room

    @property
    def running(self):
        return self.room.running

    def write(self, block):
        self.room.played.append(block)
        self.room.air.append(block)

    def close(self):
        self.room.closed += 1


class Ear:
    name = "Headset Mic"
    is_microphone = True
    missed_ms = 0

    def __init__(self, room: Room) -> None:
        self.room = room
        self._next_s = room.now

    @property
    def running(self):
        return self.room.running

    def attach(self, wake):
        pass

    def read(self, now):
        if now < self._next_s - 1e-6:
            return None
        self._next_s += 0.01
        heard = self.room.air.pop(0) * self.room.gain if self.room.air else silence()
        if self.room.noise:
            heard = heard + self.room.rng.normal(0, self.room.noise, BLOCK_SAMPLES)
        return np.rint(heard).astype(np.int16)

    def forget(self, now):
        pass

    def next_s(self, now):
        return self._next_s

    def check(self, now):
        return None

    def close(self):
        self.room.closed += 1


def _gone(code):
    def open_device(text):
        if text in ("silence", "null"):
            return capture_from(text) if text == "silence" else playout_to(text)
        raise no_device(code, text, (), library_missing=True)

    return open_device


def _object(capsys, room, *arguments, **parts):
    code = devices.main(["--json", *arguments], room.machine(**parts))
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert len(lines) == 1
    assert captured.err == ""
    return code, json.loads(lines[0])


def test_one_object_holds_everything(capsys):
    room = Room()
    code, found = _object(capsys, room)
    assert code == 0
    assert found["schema"] == 1
    assert found["inputs"] == ["Headset Mic"]
    assert found["outputs"] == ["Headset"]
    assert (found["mic"], found["speaker"]) == ("Headset Mic", "Headset")
    assert found["mic_works"]
    assert found["speaker_works"]
    assert found["level"]["verdict"] == "quiet"
    assert found["coupling"]["db"] == pytest.approx(-20, abs=1)
    assert not found["coupling"]["headphones"]
    assert found["loop_ms"] == pytest.approx(60, abs=15)
    assert found["underrun_ms"] == found["missed_ms"] == 0
    assert found["problems"] == []
    assert room.closed == 2


def test_sentences_say_the_same(capsys):
    assert devices.main([], Room().machine()) == 0
    said = capsys.readouterr().out
    assert "microphone: Headset Mic" in said
    assert "echo: -20 dB: without headphones others hear themselves" in said
    assert "ms, out and back in" in said
    assert "Erased." in said


def test_the_echo_test_plays_what_was_recorded_and_erases_it(capsys):
    room = Room(gain=0.0, noise=500.0)
    kept = []
    write = Mouth.write

    def keep(self, block):
        kept.append(block)
        write(self, block)

    Mouth.write = keep
    try:
        devices.main([], room.machine())
    finally:
        Mouth.write = write
    tail = np.concatenate(kept)[-round(3.5 * 48_000) :]
    assert np.sqrt((tail[48_000:96_000].astype(float) ** 2).mean()) == pytest.approx(500, rel=0.05)


def test_headphones_are_recognised(capsys):
    _, found = _object(capsys, Room(gain=0.0005))
    assert found["coupling"]["headphones"]
    assert found["loop_ms"] is None or found["loop_ms"] > 0


def test_a_dead_microphone_is_named_and_nothing_is_claimed_about_echo(capsys):
    _, found = _object(capsys, Room(gain=0.0, noise=0.0))
    assert found["level"]["verdict"] == "dead"
    assert found["coupling"] is None
    assert found["loop_ms"] is None


def test_quietly_nothing_is_played(capsys):
    room = Room()
    code, found = _object(capsys, room, "--quiet")
    assert code == 0
    assert found["coupling"] is None
    assert found["echo_test"] is None
    assert not any(block.any() for block in room.played)


def test_a_list_opens_nothing(capsys):
    room = Room()
    code, found = _object(capsys, room, "--list")
    assert (code, found["mic"], room.closed) == (0, "", 0)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 0),
        (["--require-mic"], 7),
        (["--require-speaker"], 7),
        (["--list", "--require-mic"], 7),
        (["--list", "--require-speaker"], 7),
    ],
)
def test_without_any_device_it_says_what_is_missing(capsys, arguments, code):
    parts = {
        "mic": _gone("no_microphone"),
        "speaker": _gone("no_speaker"),
        "names": DeviceNames((), ()),
    }
    given, found = _object(capsys, Room(), *arguments, **parts)
    assert given == code
    if "--list" not in arguments:
        assert [one["code"] for one in found["problems"]] == ["no_microphone", "no_speaker"]
        assert "libportaudio2" in found["problems"][0]["hint"]


def test_a_speaker_alone_is_checked_without_a_microphone(capsys):
    room = Room()
    code, found = _object(capsys, room, "--require-speaker", mic=_gone("no_microphone"))
    assert code == 0
    assert found["speaker_works"]
    assert not found["mic_works"]
    assert found["coupling"] is None
    assert any(block.any() for block in room.played)


def test_a_device_that_never_calls_back_ends_the_check(capsys):
    room = Room()
    room.running = False
    code, found = _object(capsys, room, "--require-mic")
    assert code == 7
    assert [one["code"] for one in found["problems"]] == ["no_callback"]
    assert room.closed == 2


def test_a_microphone_that_stops_in_the_middle_ends_the_check(capsys):
    room = Room()
    read, count = Ear.read, [0]

    def stops(self, now):
        count[0] += 1
        return read(self, now) if count[0] < 400 else None

    Ear.read = stops
    try:
        code, found = _object(capsys, room)
    finally:
        Ear.read = read
    assert code == 0
    assert found["loop_ms"] is None


def test_a_microphone_that_ends_like_a_telephone_is_named_with_one_that_does_not(capsys):
    room = Room(gain=0.0)
    noise = room.rng.normal(0, 400, 48_000 * 20)
    spectrum = np.fft.rfft(noise)
    spectrum[len(spectrum) * 8 // 24 :] = 0
    narrow = np.fft.irfft(spectrum).reshape(-1, BLOCK_SAMPLES)
    room.noise = 0.0
    room.gain = 1.0
    room.air = list(narrow)
    names = DeviceNames(("Headset Mic", "Built-in Audio Analog Stereo"), ("Headset",))
    devices.main([], room.machine(names=names))
    said = capsys.readouterr().out
    assert "nothing of it is above 8 kHz" in said
    assert "--mic Built-in Audio Analog Stereo" in said


def test_the_check_speaks_chinese(capsys):
    try:
        devices.main(["--lang", "zh_CN"], Room().machine())
    finally:
        use_language("en")
    assert "麦克风：Headset Mic" in capsys.readouterr().out


@pytest.mark.parametrize("seconds", ["0", "61", "nan", "soon"])
def test_a_senseless_length_is_refused(seconds, capsys):
    with pytest.raises(SystemExit) as caught:
        devices.main(["--seconds", seconds], Room().machine())
    assert caught.value.code == 2


def test_names_of_devices_cannot_write_to_the_terminal(capsys):
    names = DeviceNames(("evil\x1b[2Jmic\n",), ())
    devices.main(["--list"], Room().machine(names=names))
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert len(said.splitlines()) == 2
