"""Commands that concern only us: devices, volumes, cues, the key, leaving."""

import math
from typing import cast

from audio.choices import CUES, HIGHEST_DB, LOWEST_DB
from p2p.api.commands import (
    AskStats,
    Command,
    DeviceKind,
    DropRelay,
    Leave,
    Say,
    SetCues,
    SetEcho,
    SetHushed,
    SetLowDelay,
    SetVolume,
    ShowKey,
    UseDevice,
    UseRelay,
)
from p2p.api.settings import ECHOES
from p2p.api.view import MemberView, RoomView
from p2p.errors import UserError
from tui.commands.row import Action, Doubt, Pressed, Question, RoomKey, Row, Understood, always
from tui.commands.typed import about_member, bare, one_of
from tui.commands.whom import find_member
from tui.i18n import mark, tr
from tui.powers import is_last_moderator, runs_room
from tui.texts.foretell import last_moderator
from tui.texts.peer_text import peer_text

STEP_DB = 3.0


def _read_device(rest: str, view: RoomView) -> Understood:
    if not rest:
        return Question("devices")
    kind, _, name = rest.partition(" ")
    kind, name = kind.casefold(), name.strip()
    if kind not in ("mic", "speaker") or not name:
        raise UserError(
            "bad_command", mark("Say `device mic NAME` or `device speaker NAME`; NAME or default.")
        )
    return UseDevice(cast("DeviceKind", kind), name)


def _read_volume(rest: str, view: RoomView) -> SetVolume:
    who, _, level = rest.rpartition(" ")
    n = find_member(who.strip(), view).n
    try:
        db = float(level.removesuffix("dB"))
    except ValueError:
        db = math.nan
    if not math.isfinite(db):
        raise UserError("bad_command", mark("Say `volume N DB`, for example `volume 7 -6`."))
    return SetVolume(n, db)


def cues_command(rest: str) -> SetCues:
    """Return what ``cues on``, ``cues off`` or ``cues live,stage`` asks for.

    Raises:
        UserError: There is no such cue.
    """
    if rest == "on":
        return SetCues(CUES)
    words = () if rest == "off" else tuple(rest.replace(",", " ").split())
    unknown = [word for word in words if word not in CUES]
    if unknown or not (words or rest == "off"):
        raise UserError(
            "bad_command",
            mark("Say `cues on`, `cues off`, or some of: {cues}"),
            cues=" ".join(CUES),
        )
    return SetCues(words)


def _read_say(rest: str, view: RoomView) -> Say:
    if not rest:
        raise UserError("no_text", mark("Say what?"), mark("Write `say` and a line of text."), 2)
    return Say(rest)


def _read_relay(rest: str, view: RoomView) -> Understood:
    return relay_command(rest) if rest else Question("relays")


def relay_command(line: str) -> UseRelay:
    """Use the relay with this line, whatever a person has pasted around it."""
    return UseRelay("".join(line.split()))


def _read_drop(rest: str, view: RoomView) -> DropRelay:
    words = rest.casefold().split()
    anyway = words[2:] == ["anyway"]
    number = words[1].removeprefix("#") if len(words) == 2 + anyway else ""
    if words[:1] != ["relay"] or not number.isdecimal():
        raise UserError(
            "bad_command",
            mark("Say `drop relay N`; `relay` alone lists the relays with their numbers."),
        )
    return DropRelay(int(number[:9]), anyway)


def _dropping(command: DropRelay, view: RoomView) -> str:
    """What it means, and whether somebody is left alone by it."""
    relay = next((one for one in view.relays if one.n == command.n), None)
    if relay is None:
        return ""
    others = [one for one in view.relays if one.up and one.n != relay.n]
    says = [tr("The relay {relay} is not asked any more.", relay=peer_text(relay.name))]
    if runs_room(view):
        says.append(
            tr(
                "It is taken out of the room, and the others are told. Those who use no other hear "
                "nobody, and nobody hears them, until they name one."
            )
        )
    if relay.used and view.mode == "shield" and not others:
        says.append(
            tr(
                "No other relay answers you: nobody hears you, and you hear nobody, until you name "
                "another."
            )
        )
    return " ".join(says)


def relay_doubt(n: int, view: RoomView) -> tuple[Doubt, DropRelay]:
    """Return what is asked before the relay ``n`` is dropped, and the command."""
    command = DropRelay(n, anyway=True)
    return Doubt(tr("Drop this relay?"), _dropping(command, view)), command


def _use_relay(view: RoomView) -> list[Action]:
    says = tr("Relays: name one more, or drop one.")
    return [Action("A", "f2", says, None, opens="relay")]


def _set_volume(one: MemberView, me: MemberView, view: RoomView) -> list[Action]:
    """Only of somebody that can be heard."""
    if one.me or not one.on_stage:
        return []
    possible = []
    if one.volume_db < HIGHEST_DB:
        louder = SetVolume(one.n, min(HIGHEST_DB, one.volume_db + STEP_DB))
        possible.append(Action("+", "f2", tr("Louder, for you only."), louder, stays=True))
    if one.volume_db > LOWEST_DB:
        softer = SetVolume(one.n, max(LOWEST_DB, one.volume_db - STEP_DB))
        possible.append(Action("-", "f3", tr("Softer, for you only."), softer, stays=True))
    return possible


def _set_hushed(one: MemberView, me: MemberView, view: RoomView) -> list[Action]:
    if one.me or not one.on_stage:
        return []
    name = peer_text(one.name)
    if one.hushed:
        says = tr("Hear {name} again.", name=name)
    else:
        says = tr("Silence {name}, for you only; nobody learns of it.", name=name)
    return [Action("S", "f4", says, SetHushed(one.n, not one.hushed), stays=True)]


def _press_echo(view: RoomView, chosen: int | None) -> Pressed:
    return Pressed(SetEcho("auto" if view.echo == "off" else "off"))


def leave(why: str = "asked") -> Command:
    """Leave the room, whatever for."""
    return Leave(why)


def _is_last(command: Leave, view: RoomView) -> bool:
    return is_last_moderator(view)


OWN_ROWS = (
    Row(
        None,
        words={"devices": bare("devices", Question("devices"))},
        help=(mark("devices             which microphones and speakers there are"),),
    ),
    Row(
        UseDevice,
        words={"device": _read_device},
        help=(
            mark(
                "device mic NAME     use another microphone; `device speaker NAME`; NAME or default"
            ),
        ),
    ),
    Row(
        SetVolume,
        words={"volume": _read_volume},
        help=(mark("volume N DB         hear someone louder or softer, -30 to 12; only you know"),),
        on_person=_set_volume,
    ),
    Row(
        SetHushed,
        words={
            "hush": about_member(lambda n: SetHushed(n, hushed=True)),
            "unhush": about_member(lambda n: SetHushed(n, hushed=False)),
        },
        help=(mark("hush N | unhush N   stop hearing someone, or hear them again; only you know"),),
        on_person=_set_hushed,
    ),
    Row(
        Say,
        words={"say": _read_say},
        help=(mark("say TEXT            with --mask typed: a machine speaks the text"),),
    ),
    Row(
        SetCues,
        words={"cues": lambda rest, view: cues_command(rest.casefold())},
        help=(mark("cues on | cues off  sounds that tell you what has changed"),),
    ),
    Row(
        SetEcho,
        words={
            "echo": one_of(
                {mode: SetEcho(mode) for mode in ECHOES},
                mark("Say `echo off` for headphones, `echo on` or `auto`."),
            )
        },
        help=(mark("echo off | on | auto  off for headphones; auto: as long as it is heard"),),
        key=RoomKey(
            "e",
            "E",
            mark("headphones: no echo cancellation; again: by itself"),
            _press_echo,
        ),
    ),
    Row(
        UseRelay,
        words={"relay": _read_relay},
        help=(
            mark("relay LINE          use one more relay; LINE is what `teahouse relay` prints"),
            mark("relay               which relays there are, with their numbers"),
        ),
        changes=lambda command, view: tr(
            "The relay's operator sees your address, and when you are here, not what is said. If "
            "you run the room it is named to the others, but each of them has to choose it too."
        ),
        in_room=_use_relay,
    ),
    Row(
        DropRelay,
        words={"drop": _read_drop},
        help=(mark("drop relay N        use a relay no more; moderators take it out of the room"),),
        changes=_dropping,
        needs_yes=always,
    ),
    Row(
        SetLowDelay,
        words={
            "delay": one_of(
                {"low": SetLowDelay(True), "full": SetLowDelay(False)},
                mark("Say `delay low` or `delay full`."),
            )
        },
        help=(
            mark("delay low | full    hear others sooner, with more holes; or with fewer holes"),
        ),
        key=RoomKey(
            "f",
            "F",
            mark("others sooner but with more holes; and back"),
            lambda view, chosen: Pressed(SetLowDelay(not view.low_delay)),
        ),
    ),
    Row(
        ShowKey,
        words={"key": bare("key", ShowKey())},
        help=(mark("key | stats         show the room key; show the numbers"),),
        key=RoomKey(
            "i,f4",
            "I, F4",
            mark("show the room key"),
            lambda view, chosen: Pressed(ShowKey(), opens="key"),
        ),
    ),
    Row(AskStats, words={"stats": bare("stats", AskStats())}),
    Row(
        Leave,
        words={"leave": bare("leave", Leave())},
        help=(mark("leave               leave the room"),),
        changes=lambda command, view: last_moderator(view) if is_last_moderator(view) else "",
        needs_yes=_is_last,
    ),
)
"""In the order of the help."""
