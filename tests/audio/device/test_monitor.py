"""A real PulseAudio server whose only source may be what its loudspeaker plays."""

import shutil
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest

from audio.capture.sources import ToneSource
from audio.device import sound_card as device
from audio.device.device_choice import choose
from audio.device.device_errors import DeviceError
from audio.device.monitor import is_door
from audio.device.ring import Ring
from audio.device.stream import Stream
from audio.level import dbfs
from bench.soundserver import SoundServer

NO_SERVER = sys.platform != "linux" or any(
    shutil.which(program) is None for program in ("pulseaudio", "pactl", "pacat")
)
needs_server = pytest.mark.skipif(NO_SERVER, reason="apt install pulseaudio pulseaudio-utils")
SILENT_DBFS = -60.0


@pytest.fixture
def server(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SoundServer]:
    server = SoundServer("pulseaudio", tmp_path_factory.mktemp("pulse"))
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(device, "_load_portaudio", lambda: None)
    monkeypatch.setattr(device, "_portaudio", None)
    server.start()
    yield server
    server.kill()


def _pull_the_microphone_out(server: SoundServer) -> None:
    assert not server.control("unload-module", "module-remap-source").returncode


def _tone() -> np.ndarray:
    source = ToneSource(1000.0)
    return np.concatenate([source.read() for _ in range(2000)])


def _open(wanted: str) -> tuple[Stream, Ring]:
    ring = Ring()
    return device.open_input(wanted, ring, lambda: None), ring


def _heard_dbfs(ring: Ring) -> float:
    time.sleep(0.1)
    samples = np.zeros(4800, np.int16)
    ring.read_into(samples)
    return dbfs(samples)


@needs_server
def test_without_a_microphone_the_default_is_not_what_the_loudspeaker_plays(server: SoundServer):
    _pull_the_microphone_out(server)
    with server.speaking(_tone(), "spk"), pytest.raises(DeviceError) as caught:
        _open("default")
    assert caught.value.code == "no_microphone"
    assert "loudspeaker" in caught.value.hint


@needs_server
def test_a_default_that_was_set_to_a_monitor_gives_way_to_a_microphone(server: SoundServer):
    server.control("set-default-source", "spk.monitor")
    with server.speaking(_tone(), "spk"):
        stream, ring = _open("default")
        for _ in range(30):  # a null sink begins after 1.5 s
            assert _heard_dbfs(ring) < SILENT_DBFS
        assert not stream.ended
        stream.close()


@needs_server
@pytest.mark.parametrize("wanted", ["default", "Remapped Monitor of Null Output"])
def test_a_microphone_that_is_pulled_out_is_gone_and_not_replaced_by_a_monitor(
    server: SoundServer, wanted: str
):
    with server.speaking(_tone(), "spk"):
        stream, _ = _open(wanted)
        time.sleep(1.0)
        assert not stream.ended
        _pull_the_microphone_out(server)
        end_s = time.monotonic() + 2.0
        while not stream.ended:
            assert time.monotonic() < end_s, "it records the monitor"
            time.sleep(0.01)
        stream.close()


@needs_server
def test_a_monitor_is_recorded_by_whoever_asks_for_it_by_its_name(server: SoundServer):
    _pull_the_microphone_out(server)
    with server.speaking(_tone(), "spk"):
        stream, ring = _open("Monitor of Null Output")
        end_s = time.monotonic() + 5.0
        while _heard_dbfs(ring) < SILENT_DBFS:
            assert time.monotonic() < end_s, "nothing is recorded"
        assert not stream.ended
        stream.close()


def test_a_monitor_is_found_by_its_full_name_and_by_nothing_less():
    names = ["Monitor of Speakers", "USB microphone"]
    assert choose("monitor of speakers", names) == 0
    assert choose("speakers", names) is None
    assert choose("default", names[:1]) is None


@pytest.mark.parametrize("name", ["default", "pulse", "pipewire", " Default "])
def test_the_names_behind_which_the_sound_server_stands_are_known(name: str):
    assert is_door(name)
    assert not is_door("USB microphone")
