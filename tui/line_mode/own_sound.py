"""Typed commands that concern only the own ears: devices, volumes, cues."""

import math
from typing import cast

from p2p.api.commands import DeviceKind, Say, SetCues, SetEcho, SetLowDelay, SetVolume, UseDevice
from p2p.api.settings import ECHOES
from p2p.errors import UserError
from tui.i18n import mark

ALL_CUES = ("live", "muted", "granted", "stage", "lost")
"""The names in ``audio.playout.cues``, which would load NumPy for the sake of a word."""


def device_command(rest: str) -> UseDevice:
    """Return what ``device mic NAME`` or ``device speaker NAME`` asks for.

    Raises:
        UserError: It is neither.
    """
    kind, _, name = rest.partition(" ")
    name = name.strip()
    if kind not in ("mic", "speaker") or not name:
        raise UserError(
            "bad_command", mark("Say `device mic NAME` or `device speaker NAME`; NAME or default.")
        )
    return UseDevice(cast("DeviceKind", kind), name)


def volume_command(n: int, level: str) -> SetVolume:
    """Return what ``volume N DB`` asks for, ``level`` being the number of decibels.

    Raises:
        UserError: It is no number.
    """
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
        return SetCues(ALL_CUES)
    words = () if rest == "off" else tuple(rest.replace(",", " ").split())
    unknown = [word for word in words if word not in ALL_CUES]
    if unknown or not (words or rest == "off"):
        raise UserError(
            "bad_command",
            mark("Say `cues on`, `cues off`, or some of: {cues}"),
            cues=" ".join(ALL_CUES),
        )
    return SetCues(words)


def echo_command(rest: str) -> SetEcho:
    """Return what ``echo off``, ``echo on`` or ``echo auto`` asks for.

    Raises:
        UserError: It is none of these.
    """
    if rest not in ECHOES:
        raise UserError("bad_command", mark("Say `echo off` for headphones, `echo on` or `auto`."))
    return SetEcho(rest)


def delay_command(rest: str) -> SetLowDelay:
    """Return what ``delay low`` or ``delay full`` asks for.

    Raises:
        UserError: It is neither.
    """
    if rest not in ("low", "full"):
        raise UserError("bad_command", mark("Say `delay low` or `delay full`."))
    return SetLowDelay(rest == "low")


def say_command(rest: str) -> Say:
    """Return what ``say TEXT`` asks for.

    Raises:
        UserError: There is no text.
    """
    text = rest.strip()
    if not text:
        raise UserError("no_text", mark("Say what?"), mark("Write `say` and a line of text."), 2)
    return Say(text)
