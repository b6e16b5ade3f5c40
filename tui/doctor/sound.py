"""The doctor's look at the sound: what there is, without opening it."""

import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from tui.doctor.findings import Finding
from tui.i18n import tr

if TYPE_CHECKING:
    from audio.device.sound_card import DeviceNames


class Listing:
    """Lists devices beside everything else: a sound server that hangs holds up nobody.

    Args:
        list_devices: Returns the names; may block for ever.
    """

    def __init__(self, list_devices: "Callable[[], DeviceNames] | None" = None) -> None:
        self._list = list_devices
        self._names: DeviceNames | None = None
        self._thread = threading.Thread(target=self._run, name="doctor-sound", daemon=True)
        self._thread.start()

    @property
    def hangs(self) -> bool:
        """Whether it is still under way."""
        return self._thread.is_alive()

    def findings(self, limit_s: float) -> list[Finding]:
        """Return a line for microphones and one for loudspeakers.

        Args:
            limit_s: How long to wait for it, at most.
        """
        self._thread.join(limit_s)
        if self._names is None:
            text = tr("the sound system does not answer")
            hint = tr("Restart it (systemctl --user restart pipewire), or the computer.")
            return [Finding(code, "bad", text, hint) for code in ("microphone", "speaker")]
        return [_microphone(self._names.inputs), _speaker(self._names.outputs)]

    def _run(self) -> None:
        listed = self._list or import_module("audio.device.sound_card").list_devices
        self._names = listed()


def _microphone(names: tuple[str, ...]) -> Finding:
    if names:
        return Finding(
            "microphone",
            "ok",
            tr("{count} found", count=len(names)),
            tr("`teahouse devices` measures how it sounds."),
            values={"count": len(names)},
        )
    return Finding(
        "microphone",
        "note",
        tr("none was found: you can listen, and speak with --mask typed"),
        _missing(),
        values={"count": 0},
    )


def _speaker(names: tuple[str, ...]) -> Finding:
    if names:
        return Finding(
            "speaker", "ok", tr("{count} found", count=len(names)), values={"count": len(names)}
        )
    return Finding(
        "speaker", "bad", tr("none was found: you hear nobody"), _missing(), values={"count": 0}
    )


def _missing() -> str:
    if sys.platform == "win32":
        return tr("Plug one in. If it is in, see Settings, System, Sound: it may be switched off.")
    return tr("Plug one in. On Debian and Ubuntu the library is needed: apt install libportaudio2")
