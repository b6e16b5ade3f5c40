"""Keeps what the loudspeaker plays out of the room.

A sound server lists, for each loudspeaker, a source that records what is played there: its
monitor. Where no microphone is plugged in, that is the server's default source, and a server moves
a recording there when the microphone is pulled out. Nobody means it by "default": a monitor is
recorded only by its own name.
"""

import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

from audio.device.stream import Stream

LOOK_EVERY_S = 0.25
PREFIX = "Monitor of "
_SUFFIX = b".monitor"
_SERVER = "PulseAudio"
"""PipeWire speaks the same protocol."""
_DOORS = ("default", "pulse", "pipewire", "sysdefault")
"""What ALSA calls the sound server: whoever names one of these takes the server's default."""


def is_door(name: str) -> bool:
    """Whether an ALSA device of that name is the sound server's default source."""
    return name.strip().lower() in _DOORS


def honest_name(device: dict[str, Any]) -> str:
    """Name a source that miniaudio lists so that a monitor is known in every language.

    Args:
        device: With ``name``, and ``id``, a pointer to what begins with the server's own name.
    """
    name = str(device["name"])
    if not _own_name(device["id"]).endswith(_SUFFIX) or name.startswith(PREFIX):
        return name
    return PREFIX + name


class DefaultSource:
    """What the sound server of this machine records when nothing is named.

    Args:
        miniaudio: The module; only its PulseAudio part is used.
    """

    def __init__(self, miniaudio: Any) -> None:
        self._ma = miniaudio
        self._devices: Any = None
        self._lock = threading.Lock()

    def is_monitor(self, unless: str | None = None) -> bool:
        """Ask the server; False where none runs. Blocks for some milliseconds.

        Args:
            unless: A microphone by its name: False as long as it is there.
        """
        with self._lock:
            try:
                sources = self._sources()
            except Exception:  # the library's own: the server is gone, or was never there
                self._devices = None
                return False
        return unless not in [name for name, _ in sources] and any(
            chosen and name.startswith(PREFIX) for name, chosen in sources
        )

    def _sources(self) -> list[tuple[str, bool]]:
        """Name each source, and say whether it is the default."""
        ffi, lib = _c()
        if self._devices is None:
            self._devices = self._ma.Devices([self._ma.Backend.PULSEAUDIO])
        if self._devices.backend != _SERVER:
            return []
        context = self._devices._context  # noqa: SLF001 (it has no way to ask for the default)
        infos, count = ffi.new("ma_device_info **"), ffi.new("ma_uint32 *")
        if lib.ma_context_get_devices(context, ffi.NULL, ffi.NULL, infos, count):
            raise OSError("the sound server does not answer")
        found = []
        for one in infos[0][0 : count[0]]:
            name = ffi.string(one.name).decode("utf-8", "replace")
            device = {"name": name, "id": ffi.addressof(one, "id")}
            found.append((honest_name(device), bool(one.isDefault)))
        return found


def _c() -> tuple[Any, Any]:
    module = import_module("_miniaudio")
    return module.ffi, module.lib


def _own_name(device_id: Any) -> bytes:
    ffi, _ = _c()
    return bytes(ffi.buffer(device_id)).partition(b"\0")[0]


def default_source(miniaudio: Any) -> DefaultSource | None:
    """Return the way to ask, None where no such server can be."""
    return DefaultSource(miniaudio) if sys.platform == "linux" else None


class Guarded:
    """A microphone that ends as soon as the server records a monitor in its place.

    Args:
        stream: Open.
        is_monitor: Whether it hears a monitor now; may block.
    """

    def __init__(self, stream: Stream, is_monitor: Callable[[], bool]) -> None:
        self._stream = stream
        self._is_monitor = is_monitor
        self._moved = False
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="audio-monitor-guard", daemon=True).start()

    @property
    def name(self) -> str:
        """What the sound library calls it."""
        return self._stream.name

    @property
    def heard_s(self) -> float | None:
        """Monotonic seconds of the last callback."""
        return self._stream.heard_s

    @property
    def ended(self) -> bool:
        """The microphone is gone."""
        return self._moved or self._stream.ended

    def close(self) -> None:
        """Stop and let go of the device."""
        self._closed.set()
        self._stream.close()

    def _watch(self) -> None:
        while not self._moved and not self._closed.wait(LOOK_EVERY_S):
            self._moved = self._is_monitor()
