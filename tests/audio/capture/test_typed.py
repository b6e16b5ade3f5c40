import threading
import time

import numpy as np
import pytest

from audio.capture.capture import SourceCapture, capture_from
from audio.capture.espeak import EspeakError, _wav
from audio.capture.mask import MaskMode
from audio.capture.sources import SilenceSource
from audio.capture.typed import (
    MOST_CHARACTERS,
    MOST_LINES,
    TypedCapture,
    TypedSource,
    hush,
    open_capture,
    say,
)
from audio.device.device_errors import DeviceError
from audio.gain import TARGET_DBFS
from tests.audio.voices import active_dbfs, babble


class Mouth:
    def __init__(self, level_dbfs: float = -35) -> None:
        self.said: list[tuple[str, str]] = []
        self.wav = _wav(babble(1.0, level_dbfs)[::2].tobytes(), 24_000)
        self.gate = threading.Event()
        self.gate.set()

    def find(self):
        return self.speak

    def speak(self, text: str, voice: str) -> bytes:
        self.gate.wait(5)
        self.said.append((text, voice))
        if text == "broken":
            raise EspeakError("refused")
        return self.wav


def settle(typed: TypedSource) -> None:
    end = time.monotonic() + 5
    while typed._speaker is not None:
        assert time.monotonic() < end
        time.sleep(0.002)


def read_all(typed: TypedSource) -> np.ndarray:
    settle(typed)
    out = []
    while typed.busy:
        out.append(typed.read())
    return np.concatenate(out) if out else np.zeros(0, np.int16)


def test_a_line_is_spoken_at_the_one_level_and_then_there_is_silence():
    mouth = Mouth()
    typed = TypedSource(find=mouth.find)
    typed.say("你好", "zh")
    sound = read_all(typed)
    assert mouth.said == [("你好", "cmn")]
    assert active_dbfs(sound) == pytest.approx(TARGET_DBFS, abs=2)
    assert not typed.read().any()
    typed.close()


def test_lines_are_spoken_one_after_the_other():
    mouth = Mouth()
    typed = TypedSource(find=mouth.find)
    for word in ("one", "two", "three"):
        typed.say(word, "en")
    read_all(typed)
    assert [text for text, _ in mouth.said] == ["one", "two", "three"]


def test_control_characters_and_phoneme_marks_are_no_text():
    mouth = Mouth()
    typed = TypedSource(find=mouth.find)
    typed.say(" a\x07\x1b[31m [[h@l'oU]]\n b ", "en")
    read_all(typed)
    assert mouth.said == [("a [31m [ h@l'oU ] b", "en")]


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [
        ("hello", "tlh", "typed_language"),
        ("\x00 \n", "en", "typed_empty"),
        ("a" * (MOST_CHARACTERS + 1), "en", "typed_long"),
    ],
)
def test_what_cannot_be_said_is_refused(text, language, code):
    mouth = Mouth()
    typed = TypedSource(find=mouth.find)
    with pytest.raises(DeviceError) as caught:
        typed.say(text, language)
    assert caught.value.code == code
    assert caught.value.message
    assert caught.value.hint
    assert mouth.said == []


def test_only_so_many_lines_may_wait():
    mouth = Mouth()
    mouth.gate.clear()
    typed = TypedSource(find=mouth.find)
    typed.say("first", "en")
    while typed._lines:  # until it is being spoken
        time.sleep(0.001)
    for _ in range(MOST_LINES):
        typed.say("a", "en")
    with pytest.raises(DeviceError) as caught:
        typed.say("a", "en")
    assert caught.value.code == "typed_busy"
    mouth.gate.set()
    typed.clear()
    settle(typed)


def test_a_line_that_fails_is_told_and_the_next_one_is_spoken():
    problems, mouth = [], Mouth()
    typed = TypedSource(problems.append, mouth.find)
    typed.say("broken", "en")
    typed.say("whole", "en")
    assert read_all(typed).any()
    assert [problem.code for problem in problems] == ["typed_failed"]


@pytest.mark.parametrize("wav", [b"", b"no sound", _wav(bytes(9600), 48_000)])
def test_a_line_without_sound_is_told(wav):
    problems, mouth = [], Mouth()
    mouth.wav = wav
    typed = TypedSource(problems.append, mouth.find)
    typed.say("a", "en")
    settle(typed)
    assert [problem.code for problem in problems] == ["typed_failed"]


def test_clearing_stops_a_line_that_is_being_made():
    mouth = Mouth()
    mouth.gate.clear()
    typed = TypedSource(find=mouth.find)
    typed.say("late", "en")
    time.sleep(0.02)
    typed.clear()
    mouth.gate.set()
    settle(typed)
    assert not typed.busy


def test_closing_the_microphone_drops_what_was_not_yet_spoken():
    mouth = Mouth()
    capture = TypedCapture(TypedSource(find=mouth.find))
    capture.typed.say("early", "en")
    settle(capture.typed)
    capture.forget(1.0)  # it was opened again: a line typed in that moment counts
    assert capture.typed.busy
    hush(capture)
    assert not capture.typed.busy
    hush(SourceCapture(SilenceSource()))
    assert not capture.is_microphone


def test_without_anything_that_speaks_it_says_what_to_install():
    def nothing():
        raise EspeakError("not installed")

    with pytest.raises(DeviceError) as caught:
        TypedSource(find=nothing)
    assert caught.value.code == "typed_missing"
    assert "espeak-ng" in caught.value.hint


def test_a_typed_voice_looks_for_no_microphone(monkeypatch):
    monkeypatch.setattr("audio.capture.espeak.find", lambda: Mouth().speak)
    monkeypatch.setattr(
        "audio.capture.typed.TypedSource.__init__.__defaults__", (None, Mouth().find)
    )
    assert isinstance(open_capture("default", MaskMode.TYPED), TypedCapture)
    assert isinstance(open_capture("silence", MaskMode.OFF), SourceCapture)


def test_say_needs_a_typed_voice_and_an_open_microphone():
    mouth = Mouth()
    typed = TypedCapture(TypedSource(find=mouth.find))
    for capture, on in ((capture_from("silence"), True), (typed, False)):
        with pytest.raises(DeviceError) as caught:
            say(capture, on, "hello", "en")
        assert caught.value.code == "typed_off"
    say(typed, True, "hello", "en")
    settle(typed.typed)
    assert mouth.said == [("hello", "en")]
