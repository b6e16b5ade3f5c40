"""The doctor's look at the machine: version, clock, memory, terminal."""

import ctypes
import os
import shutil
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from p2p.wire.version import PROTOCOL_VERSION
from tui.doctor.findings import Finding
from tui.i18n import tr

if TYPE_CHECKING:
    from p2p.process import Leak

BEFORE_THIS_PROGRAM_S = 1_767_225_600
"""The first second of 2026: no clock that is right stands before it."""
FEW_COLUMNS, FEW_LINES = 60, 20
_TIMEX_BYTES = 1024
"""More than any kernel's ``struct timex``."""
_TIME_ERROR = 5


def version_finding(version: str) -> Finding:
    """Say which program this is."""
    python = ".".join(map(str, sys.version_info[:3]))
    text = tr(
        "{version}, protocol {protocol}, Python {python} on {system}",
        version=version,
        protocol=PROTOCOL_VERSION,
        python=python,
        system=sys.platform,
    )
    return Finding("version", "ok", text, values={"version": version, "protocol": PROTOCOL_VERSION})


def clock_finding(unix_s: float | None = None, kept: bool | None = None) -> Finding:
    """Say whether the clock can be right.

    Args:
        unix_s: What it shows; None: asked now.
        kept: Whether the system says that it is kept right; None: asked now.
    """
    unix_s = time.time() if unix_s is None else unix_s
    if unix_s < BEFORE_THIS_PROGRAM_S:
        return Finding(
            "clock",
            "bad",
            tr("stands in the past: invites and records of rooms look like those of the future"),
            tr("Set the date and time of this machine."),
        )
    if kept is None:
        kept = _is_kept_right()
    if kept is None:
        return Finding("clock", "ok", tr("this system does not say whether it is kept right"))
    if not kept:
        return Finding(
            "clock",
            "note",
            tr("nothing keeps it right; an hour off, and a room may not be found by words"),
            tr("Compare it with another clock, or let the system set it: timedatectl set-ntp true"),
        )
    return Finding("clock", "ok", tr("kept right by the system"))


def _is_kept_right() -> bool | None:
    """Ask the kernel, which changes nothing (adjtimex(2) with modes = 0)."""
    if sys.platform != "linux":
        return None
    try:
        answer = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else answer != _TIME_ERROR


def memory_findings(leaks: "Sequence[Leak]") -> list[Finding]:
    """Say whether what is in memory can get to the disk.

    Args:
        leaks: What ``shut_memory`` could not shut.
    """
    core = Finding("core", "ok", tr("a crash leaves no file with what was in memory"))
    if "core" in leaks:
        core = Finding(
            "core",
            "note",
            tr("a crash may leave a file with what was in memory, keys too"),
            tr("Switch crash reports of this system off."),
        )
    swap = Finding("swap", "ok", tr("memory is not written to the disk"))
    if "swap" in leaks:
        swap = Finding(
            "swap",
            "note",
            tr("memory may be written to the disk, keys too"),
            tr("Encrypt the swap, or switch it off while you talk: sudo swapoff -a"),
        )
    return [core, swap]


def terminal_finding() -> Finding:
    """Say whether the screen can be drawn here."""
    if not _is_terminal():
        return Finding(
            "terminal",
            "ok",
            tr("none: rooms go on in the line mode, as with --plain"),
        )
    if os.environ.get("TERM") == "dumb":
        return Finding("terminal", "ok", tr("a simple one: rooms go on in the line mode"))
    columns, lines = shutil.get_terminal_size()
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding != "utf8":
        return Finding(
            "terminal",
            "note",
            tr(
                "its encoding is {encoding}: names in other writing show as question marks",
                encoding=sys.stdout.encoding,
            ),
            tr("Choose a locale with UTF-8, for instance LC_ALL=C.UTF-8."),
        )
    text = tr("{columns} columns, {lines} lines", columns=columns, lines=lines)
    if columns < FEW_COLUMNS or lines < FEW_LINES:
        return Finding(
            "terminal", "note", text, tr("Make it larger: at 80 x 24 all is to be seen.")
        )
    return Finding("terminal", "ok", text)


def _is_terminal() -> bool:
    try:
        return sys.stdin.isatty() and sys.stdout.isatty()
    except (AttributeError, ValueError):
        return False
