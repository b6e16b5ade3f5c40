"""Which of the devices that a library lists is meant."""

import sys
from collections.abc import Sequence

from audio.device.device_errors import DeviceError
from audio.device.mic_privacy import ALLOW_IT, is_mic_denied

DEFAULT = "default"
PACKAGES = "libportaudio2 libasound2-plugins"
MONITOR = "monitor of "
_NO_DEVICE_BEGINNINGS = ("dummy output", "discard all samples", MONITOR)
"""Listed beside real cards: nobody hears or speaks there, and a monitor hears the room itself."""


def is_real(name: str) -> bool:
    """False for the entries of a device list behind which there is no device."""
    lowered = name.strip().lower()
    return lowered not in ("", "null") and not lowered.startswith(_NO_DEVICE_BEGINNINGS)


def choose(wanted: str, names: Sequence[str]) -> int | None:
    """Find a device by name.

    Args:
        wanted: ``default``, a full name in any case, or a part of exactly one name. A monitor is
            found only by its full name.
        names: What the library lists, in its order.

    Returns:
        Place in ``names``, or None if there is no such device or more than one.
    """
    real = [(place, name.lower()) for place, name in enumerate(names) if is_real(name)]
    lowered = wanted.strip().lower()
    if not lowered:
        return None
    for place, name in enumerate(names):
        lower = name.lower()
        if lower == lowered and (is_real(name) or lower.startswith(MONITOR)):
            return place
    if lowered == DEFAULT:
        return real[0][0] if real else None
    found = [place for place, name in real if lowered in name]
    return found[0] if len(found) == 1 else None


def no_device(code: str, wanted: str, names: Sequence[str], library_missing: bool) -> DeviceError:
    """The error for a device that is not there.

    Args:
        code: ``no_microphone`` or ``no_speaker``.
        wanted: What was asked for.
        names: What there is.
        library_missing: PortAudio is not installed, so nothing could be listed by it.
    """
    is_mic = code == "no_microphone"
    real = sorted({name for name in names if is_real(name)})
    if is_mic and is_mic_denied():
        hint = ALLOW_IT
    elif real:
        hint = "choose one with {option}: {devices}"
    elif any(name.lower().startswith(MONITOR) for name in names):
        hint = "plug one in; what the loudspeaker plays is listed as a source, and is not taken"
    elif sys.platform == "win32":
        hint = "plug one in; if it is in, see Settings, System, Sound: it may be switched off"
    elif library_missing:
        hint = "install PortAudio (Debian, Ubuntu: apt install {packages})"
    elif is_mic:
        hint = (
            "plug one in, or see whether the sound server of this machine runs; without one start "
            "with --mask typed: a machine speaks what you type"
        )
    else:
        hint = "plug one in, or see whether the sound server of this machine runs"
    if is_mic:
        names_it, none = "there is no microphone called {wanted}", "no microphone was found"
    else:
        names_it, none = "there is no speaker called {wanted}", "no speaker was found"
    message = names_it if real and wanted != DEFAULT else none
    return DeviceError(
        code,
        message,
        hint,
        wanted=wanted[:60],
        option="--mic" if is_mic else "--speaker",
        devices="; ".join(real[:8]),
        packages=PACKAGES,
    )
