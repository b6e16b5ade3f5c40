"""Real sound devices: PortAudio through sounddevice, else miniaudio. Both load on first use."""

import contextlib
import ctypes
import ctypes.util
import importlib
import sys
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from audio.device.device_choice import DEFAULT, MONITOR, choose, is_real, no_device
from audio.device.monitor import DefaultSource, Guarded, default_source, honest_name, is_door
from audio.device.quiet import quiet_c_stderr
from audio.device.ring import Ring
from audio.device.sound_end import BLOCK_MS
from audio.device.stream import Direction, Pulse, Stream
from audio.pcm import BLOCK_SAMPLES, RATE_HZ

_PORTAUDIO_SONAME = "libportaudio.so.2"


@dataclass(frozen=True, slots=True)
class DeviceNames:
    """What this machine has, in the order in which the library lists it."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class _Library(Protocol):
    """One of the two sound libraries. All errors of ``open`` but ``OSError`` are its own."""

    def names(self, direction: Direction) -> list[str]: ...

    def open(self, direction: Direction, place: int | None, ring: Ring, pulse: Pulse) -> Stream: ...


# PortAudio may be called by one thread at a time, and the list of its open streams goes with it.
_lock = threading.RLock()
_portaudio: "_PortAudio | None" = None


def list_devices() -> DeviceNames:
    """Devices by name, of all libraries; empty when no sound library works here.

    On Linux PortAudio knows the cards of ALSA and one door to the sound server, miniaudio what the
    server itself lists, also what was plugged in while a stream is open.
    """
    found: dict[Direction, dict[str, None]] = {"input": {}, "output": {}}
    with _lock:
        for library, _ in _libraries():
            for direction, names in found.items():
                names.update((name, None) for name in _names(library, direction) if is_real(name))
    return DeviceNames(tuple(found["input"]), tuple(found["output"]))


def open_input(wanted: str, ring: Ring, wake: Callable[[], None]) -> Stream:
    """Open a microphone; may block for seconds.

    Args:
        wanted: ``default``, a name or a part of one name.
        ring: Gets the samples, mono, 48 kHz; this stream is its only writer.
        wake: Called after each callback; must not block.

    Raises:
        DeviceError: ``no_microphone``.
    """
    return _open("input", wanted, ring, wake)


def open_output(wanted: str, ring: Ring, wake: Callable[[], None]) -> Stream:
    """Open a loudspeaker; may block for seconds.

    Args:
        wanted: ``default``, a name or a part of one name.
        ring: Where the samples are taken from; this stream is its only reader.
        wake: Called after each callback; must not block.

    Raises:
        DeviceError: ``no_speaker``.
    """
    return _open("output", wanted, ring, wake)


def _open(direction: Direction, wanted: str, ring: Ring, wake: Callable[[], None]) -> Stream:
    seen: list[str] = []
    library_missing = True
    server = _default_source() if direction == "input" else None
    monitored = server is not None and server.is_monitor()
    with _lock:
        for library, is_portaudio in _libraries():
            library_missing = library_missing and not is_portaudio
            names = _names(library, direction)
            if monitored and is_portaudio:
                names = ["" if is_door(name) else name for name in names]
            seen += names
            place = choose(wanted, names)
            if place is None or (monitored and is_portaudio and wanted == DEFAULT):
                continue
            by_default = wanted == DEFAULT and not monitored
            try:
                stream = library.open(direction, None if by_default else place, ring, Pulse(wake))
            except Exception:  # noqa: S112 (each library has its own; the next one may do)
                continue
            follows = by_default or (is_portaudio and is_door(names[place]))
            asked_for = names[place].lower().startswith(MONITOR)
            if server is None or asked_for or (is_portaudio and not follows):
                return stream
            return Guarded(stream, partial(server.is_monitor, None if follows else names[place]))
    code = "no_microphone" if direction == "input" else "no_speaker"
    raise no_device(code, wanted, seen, library_missing)


def _default_source() -> DefaultSource | None:
    try:
        return default_source(importlib.import_module("miniaudio"))
    except (ImportError, OSError):
        return None


def _names(library: _Library, direction: Direction) -> list[str]:
    try:
        return library.names(direction)
    except Exception:
        return []


def _libraries() -> Generator[tuple[_Library, bool], None, None]:
    """Those that load here, best first, and whether it is PortAudio."""
    global _portaudio
    quiet_c_stderr()
    if _portaudio is None:
        _portaudio = _load_portaudio()
    else:
        with contextlib.suppress(Exception):  # then it lists nothing and the other one is asked
            _portaudio.refresh()
    if _portaudio is not None:
        yield _portaudio, True
    try:
        yield _MiniAudio(importlib.import_module("miniaudio")), False
    except (ImportError, OSError):
        return


def _load_portaudio() -> "_PortAudio | None":
    on_linux = sys.platform == "linux"
    try:
        if on_linux:
            ctypes.CDLL(_PORTAUDIO_SONAME)
        search = ctypes.util.find_library
        try:
            if on_linux:
                # The usual search starts compilers that write temporary files; we know the name.
                ctypes.util.find_library = _known_name
            return _PortAudio(importlib.import_module("sounddevice"))
        finally:
            ctypes.util.find_library = search
    except (ImportError, OSError):
        return None
    except Exception:
        return None


def _known_name(name: str) -> str | None:
    return _PORTAUDIO_SONAME


class _PortAudio:
    def __init__(self, sounddevice: Any) -> None:
        self._sd = sounddevice
        self._started = True
        self._open_streams = 0

    def refresh(self) -> None:
        """Look for devices anew. It would cut open streams, so it happens only without any."""
        if self._open_streams:
            return
        # PortAudio has no other way to list anew, and it may fail to start again.
        if self._started:
            self._started = False
            self._sd._terminate()  # noqa: SLF001
        self._sd._initialize()  # noqa: SLF001
        self._started = True

    def names(self, direction: Direction) -> list[str]:
        channels = f"max_{direction}_channels"
        return [
            str(device["name"]) if device[channels] else "" for device in self._sd.query_devices()
        ]

    def open(self, direction: Direction, place: int | None, ring: Ring, pulse: Pulse) -> Stream:
        return _PortAudioStream(self, self._sd, direction, place, ring, pulse)

    def count(self, change: int) -> None:
        self._open_streams += change


class _PortAudioStream:
    def __init__(
        self,
        library: _PortAudio,
        sounddevice: Any,
        direction: Direction,
        place: int | None,
        ring: Ring,
        pulse: Pulse,
    ) -> None:
        self._library = library
        self._pulse = pulse
        self.name = str(sounddevice.query_devices(place, direction)["name"])
        is_input = direction == "input"
        kind = sounddevice.RawInputStream if is_input else sounddevice.RawOutputStream
        self._stream = kind(
            samplerate=RATE_HZ,
            blocksize=BLOCK_SAMPLES,
            device=place,
            channels=1,
            dtype="int16",
            latency="low",
            callback=_filler(ring, pulse) if is_input else _drainer(ring, pulse),
            finished_callback=pulse.end,
        )
        try:
            self._stream.start()
        except Exception:
            self._stream.close(ignore_errors=True)
            raise
        library.count(1)

    @property
    def heard_s(self) -> float | None:
        return self._pulse.heard_s

    @property
    def ended(self) -> bool:
        return self._pulse.ended

    def close(self) -> None:
        with _lock:
            # Not stop: it would wait until all has been played, on a device that may be gone.
            self._stream.abort(ignore_errors=True)
            self._stream.close(ignore_errors=True)
            self._library.count(-1)


def _filler(ring: Ring, pulse: Pulse) -> Callable[[Any, int, Any, Any], None]:
    def on_input(data: Any, _frames: int, _time: Any, _status: Any) -> None:
        ring.write(np.frombuffer(data, np.int16))
        pulse.beat()

    return on_input


def _drainer(ring: Ring, pulse: Pulse) -> Callable[[Any, int, Any, Any], None]:
    def on_output(data: Any, _frames: int, _time: Any, _status: Any) -> None:
        ring.read_into(np.frombuffer(data, np.int16))
        pulse.beat()

    return on_output


class _MiniAudio:
    def __init__(self, miniaudio: Any) -> None:
        self._ma = miniaudio
        # Its null device would be a microphone that hears nothing.
        self._backends = [
            backend for backend in miniaudio.Backend if backend.name not in ("NULL", "CUSTOM")
        ]
        self._listed: dict[str, list[dict[str, Any]]] = {}

    def names(self, direction: Direction) -> list[str]:
        devices = self._ma.Devices(self._backends)
        self._listed[direction] = (
            devices.get_captures() if direction == "input" else devices.get_playbacks()
        )
        return [honest_name(device) for device in self._listed[direction]]

    def open(self, direction: Direction, place: int | None, ring: Ring, pulse: Pulse) -> Stream:
        chosen = None if place is None else self._listed[direction][place]
        return _MiniAudioStream(self._ma, self._backends, direction, chosen, ring, pulse)


class _MiniAudioStream:
    def __init__(
        self,
        miniaudio: Any,
        backends: list[Any],
        direction: Direction,
        chosen: dict[str, Any] | None,
        ring: Ring,
        pulse: Pulse,
    ) -> None:
        self._pulse = pulse
        self.name = DEFAULT if chosen is None else str(chosen["name"])
        is_input = direction == "input"
        kind = miniaudio.CaptureDevice if is_input else miniaudio.PlaybackDevice
        self._device = kind(
            nchannels=1,
            sample_rate=RATE_HZ,
            buffersize_msec=BLOCK_MS,
            device_id=None if chosen is None else chosen["id"],
            backends=backends,
            app_name="teahouse",
        )
        self._device.stop_callback = pulse.end
        talk = _take_bytes(ring, pulse) if is_input else _give_bytes(ring, pulse)
        next(talk)
        try:
            self._device.start(talk)
        except Exception:
            self._device.close()
            raise

    @property
    def heard_s(self) -> float | None:
        return self._pulse.heard_s

    @property
    def ended(self) -> bool:
        return self._pulse.ended

    def close(self) -> None:
        with _lock:
            self._device.stop_callback = None
            self._device.close()


def _take_bytes(ring: Ring, pulse: Pulse) -> Generator[None, bytes, None]:
    while True:
        data = yield
        ring.write(np.frombuffer(data, np.int16))
        pulse.beat()


def _give_bytes(ring: Ring, pulse: Pulse) -> Generator[bytes, int, None]:
    samples = np.zeros(BLOCK_SAMPLES, np.int16)
    frames = yield b""
    while True:
        if frames != len(samples):
            samples = np.zeros(frames, np.int16)
        ring.read_into(samples)
        pulse.beat()
        frames = yield samples.tobytes()
