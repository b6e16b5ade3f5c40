import io
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from audio.capture import espeak
from audio.capture.espeak import VOICES, EspeakError


def seconds(wav: bytes) -> float:
    # A pipe cannot be rewound: the length in the header says nothing.
    with wave.open(io.BytesIO(wav)) as file:
        return (len(wav) - 44) / (2 * file.getframerate())


@pytest.fixture(params=["program", "wheel"])
def speak(request, monkeypatch):
    if request.param == "wheel":
        monkeypatch.setattr("shutil.which", lambda name: None)
    try:
        return espeak.find()
    except EspeakError:
        pytest.skip(f"no espeak-ng as a {request.param}")


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "你好，大家好"), ("en", "Hello to all"), ("ug", "ياخشىمۇسىز")]
)
def test_it_speaks(speak, language, text):
    assert 0.4 < seconds(speak(text, VOICES[language])) < 5


def test_the_text_is_never_an_argument(monkeypatch):
    seen = {}

    def run(command, **rest):
        seen.update(rest, command=command)
        return subprocess.CompletedProcess(command, 0, b"wav", b"")

    monkeypatch.setattr("shutil.which", lambda name: "/bin/espeak-ng")
    monkeypatch.setattr("subprocess.run", run)
    assert espeak.find()("a secret line", "en") == b"wav"
    assert "a secret line" not in seen["command"]
    assert seen["input"] == b"a secret line"
    assert seen["env"]["PULSE_SERVER"] == "unix:/nonexistent"


def _copy(source, target):
    Path(target).write_bytes(Path(source).read_bytes())


def test_it_speaks_out_of_a_folder_of_any_writing(tmp_path):
    wheel = espeak._wheel_folder()
    if wheel is None:
        pytest.skip("no espeak-ng as a wheel")
    shutil.copytree(wheel, tmp_path / "茶 馆 ئۇ", copy_function=_copy)  # Wine has no CopyFile2
    speak = espeak._Library(tmp_path / "茶 馆 ئۇ").speak
    assert 0.4 < seconds(speak("Hello to all", VOICES["en"])) < 5


@pytest.mark.parametrize("folder", ["", "Programs"], ids=["unset", "relative"])
def test_no_program_is_looked_for_in_the_folder_that_one_is_in(monkeypatch, tmp_path, folder):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setenv("PROGRAMFILES", folder)
    (tmp_path / folder / "eSpeak NG").mkdir(parents=True)
    (tmp_path / folder / "eSpeak NG" / "espeak-ng.exe").touch()
    assert espeak._program() is None


@pytest.mark.skipif(sys.platform != "win32", reason="of Windows")
def test_the_program_is_found_where_its_installer_puts_it(monkeypatch, tmp_path):
    usual = tmp_path / "eSpeak NG" / "espeak-ng.exe"
    usual.parent.mkdir()
    usual.touch()
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setenv("PROGRAMFILES", str(tmp_path))
    assert espeak._program() == str(usual)


def test_a_program_that_fails_is_an_error(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: "/bin/false")
    with pytest.raises(EspeakError):
        espeak.find()("hello", "en")


def test_without_program_and_wheel_it_says_so(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EspeakError):
        espeak.find()


def test_a_wheel_without_its_library_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(espeak, "_wheel_folder", lambda: tmp_path)
    with pytest.raises(EspeakError):
        espeak.find()
