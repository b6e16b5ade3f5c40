"""What each of us sets for the own ears, as sentences: devices, volumes, cues."""

from p2p.api.events import CuesChanged, DeviceChanged, DevicesListed, LineChanged, VolumeChanged
from p2p.api.view import MemberView
from tui.i18n import mark, tr
from tui.texts.peer_text import peer_text
from tui.texts.roster import Roster

DEVICE_CELLS = 60
CUE_NAMES = {
    "live": mark("you are live"),
    "muted": mark("you are muted"),
    "granted": mark("hand granted"),
    "stage": mark("someone on stage"),
    "lost": mark("connection lost"),
    "join": mark("someone comes in"),
    "knock": mark("someone waits outside"),
    "hand": mark("a hand goes up"),
}


ECHO_STATES = {
    "off": mark("echo cancellation: off, for headphones only"),
    "on": mark("echo cancellation: on"),
    "auto": mark("echo cancellation: by itself, off with headphones"),
}


def delay_sentence(*, low: bool) -> str:
    """Return how soon we hear the others."""
    if low:
        return tr("delay: low: you hear others sooner, with more holes on bad lines")
    return tr("delay: full: fewer holes on bad lines")


def line_sentence(event: LineChanged) -> str:
    """Return how much sound our line carries."""
    if event.narrow_out and event.narrow_in:
        return tr("Your line is narrow: you and the others hear each other in simpler sound.")
    if event.narrow_out:
        return tr("Your line is narrow: the others hear you in simpler sound.")
    if event.narrow_in:
        return tr("Your line is narrow: you hear the others in simpler sound.")
    return tr("Your line carries all of the sound again.")


def device_name(name: str) -> str:
    """Return the name of a device, safe to print and of bounded length."""
    return peer_text(name, DEVICE_CELLS)


def device_sentence(event: DeviceChanged) -> str:
    """Return what we speak into or hear through now."""
    if event.kind == "mic":
        return tr("microphone: {name}", name=device_name(event.name))
    return tr("speaker: {name}", name=device_name(event.name))


def device_lines(event: DevicesListed) -> list[str]:
    """Return what is in use, then one line for each device that could be."""
    using = tr(
        "in use: {mic} and {speaker}",
        mic=device_name(event.mic),
        speaker=device_name(event.speaker),
    )
    lines = [using]
    lines += [tr("microphone: {name}", name=device_name(name)) for name in event.inputs]
    lines += [tr("speaker: {name}", name=device_name(name)) for name in event.outputs]
    if not event.inputs:
        lines.append(tr("no microphone was found"))
    if not event.outputs:
        lines.append(tr("no speaker was found"))
    return lines


def volume_sentence(event: VolumeChanged, roster: Roster) -> str:
    """Return how we hear a person now."""
    name = roster.name(event.n)
    if event.hushed:
        return tr("you do not hear {name} any more; only you know", name=name)
    return tr("volume of {name}: {db} dB, for you only", name=name, db=f"{event.db:+.0f}")


def cues_sentence(event: CuesChanged) -> str:
    """Return which sounds tell us of changes."""
    if not event.cues:
        return tr("sound cues: off")
    names = ", ".join(tr(CUE_NAMES[cue]) for cue in event.cues if cue in CUE_NAMES)
    return tr("sound cues: {names}", names=names)


def echo_sentence(mode: str) -> str:
    """Return whether the loudspeaker is taken out of what the microphone hears."""
    return tr(ECHO_STATES.get(mode, ECHO_STATES["auto"]))


def volume_note(one: MemberView) -> str:
    """Return how we hear this person, empty when as sent."""
    if one.hushed:
        return tr("silenced by you")
    return f"{one.volume_db:+.0f} dB" if one.volume_db else ""
