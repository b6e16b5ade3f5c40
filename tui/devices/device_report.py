"""What the check of the devices has found, and how it is said."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.i18n import mark, tr
from tui.texts.sound_sentences import device_name

if TYPE_CHECKING:
    from audio.device_check import CouplingMeasure, MicLevel

VERDICTS = {
    "dead": mark("pure silence: look for a switch on the headset, or choose another microphone"),
    "quiet": mark("no voice was heard, or it is very soft"),
    "good": mark("good"),
    "clipped": mark("too loud: turn the microphone down"),
}

_BUILT_IN = ("built-in", "internal", "macbook", "microphone array", "analog", "hda", "内置", "內建")
"""In the names that Linux, macOS and Windows give to a machine's own microphone."""


@dataclass(frozen=True, slots=True)
class DeviceProblem:
    """Something that is not there or does not work, in the chosen language."""

    code: str
    message: str
    hint: str


@dataclass(slots=True)
class Check:
    """Everything that ``teahouse devices`` finds out; what was not measured is None.

    Attributes:
        inputs: Microphones by name.
        outputs: Loudspeakers by name.
        mic: The one that was measured.
        speaker: The one that was measured.
        mic_works: It was opened and delivers.
        speaker_works: It was opened and plays.
        level: The microphone while the person spoke, or not.
        band_end_hz: Where the microphone's sound is cut off, if it is.
        coupling: How much of the speaker the microphone hears.
        loop_ms: From the program out of the speaker into the microphone and back.
        echo_test: The level of the recording that was played back.
        underrun_ms: How long the speaker had nothing to play while it should have.
        missed_ms: How much of the microphone was lost.
        problems: What is not there.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    mic: str = ""
    speaker: str = ""
    mic_works: bool = False
    speaker_works: bool = False
    level: "MicLevel | None" = None
    band_end_hz: int | None = None
    coupling: "CouplingMeasure | None" = None
    loop_ms: float | None = None
    echo_test: "MicLevel | None" = None
    underrun_ms: int = 0
    missed_ms: int = 0
    problems: list[DeviceProblem] = field(default_factory=list)


def list_lines(check: Check) -> list[str]:
    """Return one line for each device, or that there is none."""
    lines = [tr("microphone: {name}", name=device_name(name)) for name in check.inputs]
    lines += [tr("speaker: {name}", name=device_name(name)) for name in check.outputs]
    if not check.inputs:
        lines.append(tr("no microphone was found"))
    if not check.outputs:
        lines.append(tr("no speaker was found"))
    return lines


def check_lines(check: Check, *, quiet: bool) -> list[str]:
    """Return the findings, one sentence each.

    Args:
        check: What was found.
        quiet: Nothing was played, by wish.
    """
    lines = []
    if check.level is not None:
        lines.append(
            tr(
                "{name}: level {level} dBFS, noise {floor} dBFS: {verdict}",
                name=check.mic,
                level=f"{check.level.level_dbfs:.0f}",
                floor=f"{check.level.floor_dbfs:.0f}",
                verdict=tr(VERDICTS[check.level.verdict]),
            )
        )
    lines += headset_lines(check)
    if check.speaker_works and not quiet:
        if check.mic_works:
            lines += [_coupling_line(check), _loop_line(check)]
        lines.append(
            tr(
                "gaps: speaker {underrun} ms, microphone {missed} ms",
                underrun=check.underrun_ms,
                missed=check.missed_ms,
            )
        )
    return lines


def headset_lines(check: Check) -> list[str]:
    """Return what a Bluetooth headset costs that is spoken into and heard through at once."""
    if check.band_end_hz is None:
        return []
    lines = [
        tr(
            "Your microphone sounds like a telephone: nothing of it is above {khz} kHz. A "
            "Bluetooth headset does that while it is spoken into and heard through at once.",
            khz=check.band_end_hz // 1000,
        )
    ]
    other = other_mic(check)
    if other:
        name = device_name(other)
        says = tr("Speak into another one, and hear through the headset: --mic {name}", name=name)
        lines.append(says)
    return lines


def other_mic(check: Check) -> str:
    """Return a microphone that is built in, by its look, and is not the one measured; or empty.

    As the system writes it: not to be shown as it is.
    """
    for name in check.inputs:
        built_in = any(word in name.casefold() for word in _BUILT_IN)
        if built_in and device_name(name) != check.mic:
            return name
    return ""


def _coupling_line(check: Check) -> str:
    found = check.coupling
    if found is None:
        return tr("echo: could not be measured")
    at_most = f"{found.at_most_db:.0f}"
    if found.db is None and found.headphones:
        return tr("echo: none, below {db} dB: headphones", db=at_most)
    if found.db is None:
        return tr("echo: none above the noise, below {db} dB", db=at_most)
    if found.headphones:
        return tr("echo: {db} dB, too soft for anyone to hear", db=at_most)
    return tr("echo: {db} dB: without headphones others hear themselves", db=at_most)


def _loop_line(check: Check) -> str:
    if check.loop_ms is None:
        return tr("delay of the devices: not measured, the microphone did not hear the speaker")
    return tr("delay of the devices: {ms} ms, out and back in", ms=f"{check.loop_ms:.0f}")
