import ctypes
import os
import subprocess
import sys

import pytest

from audio.device import sound_card as device
from audio.device.device_choice import PACKAGES
from audio.device.device_errors import DeviceError
from audio.device.ring import Ring


def _portaudio_is_here() -> bool:
    try:
        ctypes.CDLL("libportaudio.so.2")
    except OSError:
        return False
    return True


needs_portaudio = pytest.mark.skipif(
    sys.platform != "linux" or not _portaudio_is_here(),
    reason="PortAudio is not installed (apt install libportaudio2)",
)


def _no_library(name: str) -> object:
    raise ImportError(name)


def test_without_any_sound_library_nothing_is_listed_and_the_hint_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(device, "_portaudio", None)
    monkeypatch.setattr(device.importlib, "import_module", _no_library)
    assert device.list_devices() == device.DeviceNames((), ())
    for opened, code in ((device.open_input, "no_microphone"), (device.open_output, "no_speaker")):
        with pytest.raises(DeviceError) as caught:
            opened("default", Ring(), lambda: None)
        assert caught.value.code == code
        assert PACKAGES in caught.value.hint
        assert caught.value.exit_code == 7


class SilentLibrary:
    """A sound library whose every call fails, as after the death of a sound server."""

    def names(self, direction: str) -> list[str]:
        raise RuntimeError("the server is gone")


class BrokenCard(SilentLibrary):
    """A card that is listed and cannot be opened."""

    def names(self, direction: str) -> list[str]:
        return ["card"]

    def open(self, *_: object) -> object:
        raise RuntimeError("busy")


@pytest.mark.parametrize("library", [SilentLibrary(), BrokenCard()])
def test_a_library_that_fails_means_no_device_and_no_crash(
    monkeypatch: pytest.MonkeyPatch, library: SilentLibrary
):
    monkeypatch.setattr(device, "_libraries", lambda: iter([(library, True)]))
    assert device.list_devices().inputs in ((), ("card",))
    with pytest.raises(DeviceError) as caught:
        device.open_input("default", Ring(), lambda: None)
    assert caught.value.code == "no_microphone"
    assert PACKAGES not in caught.value.hint


@needs_portaudio
def test_the_search_for_portaudio_starts_no_program_and_writes_no_file():
    script = (
        "import subprocess, ctypes.util, tempfile\n"
        "def refuse(*a, **k): raise AssertionError('a program or file')\n"
        "subprocess.Popen = tempfile.NamedTemporaryFile = refuse\n"
        "search = ctypes.util.find_library\n"
        "from audio.device import sound_card as device\n"
        "assert device._load_portaudio() is not None\n"
        "assert ctypes.util.find_library is search\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_where_no_sound_server_runs_the_screen_stays_clean(tmp_path):
    script = (
        "from audio.capture import capture\n"
        "from audio.playout import playout\n"
        "from audio.device import device_errors as problems\n"
        "for opens in (capture.capture_from, playout.playout_to):\n"
        "    try:\n"
        "        opens('default').close()\n"
        "    except problems.DeviceError as problem:\n"
        "        print(problem.code)\n"
    )
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "PULSE_SERVER": f"unix:{tmp_path}/none",
        "XDG_RUNTIME_DIR": str(tmp_path),
    }
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    assert set(run.stdout.split()) <= {"no_microphone", "no_speaker"}
    if sys.platform == "linux":
        assert run.stderr == ""
