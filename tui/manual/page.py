"""The manual page, made from what the commands understand (groff_man(7))."""

import argparse
import textwrap

from p2p.relay.keyfile import default_state_dir
from tui.manual.understood import Flag, flags_of
from tui.options import main_parser
from tui.programs import PROGRAMS

EXITS = (
    ("0", "all is well"),
    ("1", "a fault, or something is not as it has to be"),
    ("2", "the command line or the config file can not be meant"),
    ("3", "no network, or no relay that answers"),
    ("4", "the room key is wrong, or somebody answered for another room"),
    ("5", "nobody is in the room, or no member runs here"),
    ("6", "the room did not let us in, or removed us; the member did not obey"),
    ("7", "no sound"),
    ("130", "ended by Ctrl+C"),
)
FILES = (
    ("$XDG_CONFIG_HOME/teahouse/config.toml", "what holds for every run; only if it was asked for"),
    ("$XDG_RUNTIME_DIR/teahouse/", "sockets of members that were started with --ctl"),
    ("~/.local/state/teahouse/", "the key of a relay"),
)
COLUMNS = 78
KEYS = "Keys, words and invites do not belong on the command line: the shell keeps them."


def page(version: str) -> str:
    """Return the page.

    Args:
        version: Of the program.
    """
    parts = [
        f'.TH TEAHOUSE 1 "" "teahouse {version}" "User Commands"',
        ".SH NAME",
        "teahouse \\- audio rooms, encrypted end to end, without a server",
        ".SH SYNOPSIS",
        ".B teahouse\n[\\fICOMMAND\\fR] [\\fIOPTION\\fR]...",
        ".SH DESCRIPTION",
        _text(
            "People talk in rooms that they find by a key. Sound goes through relays that they "
            "trust or, in open mode, straight between them; nobody but the people in the room can "
            "hear it. Without a command the start screen opens."
        ),
        ".PP",
        _text(KEYS),
        ".SH OPTIONS",
        *_flags(main_parser("")),
    ]
    for command in PROGRAMS:
        parser = command.parser()
        parts += [
            f'.SH "TEAHOUSE {command.name.upper()}"',
            _text(parser.description or command.about),
            *_flags(parser),
        ]
    parts += [".SH EXIT STATUS", *_table(EXITS), ".SH FILES", *_table(FILES)]
    parts += [
        ".SH ENVIRONMENT",
        *_table(
            (
                ("TEAHOUSE_NAME and so on", "settings of teahouse config, in capitals"),
                ("TEAHOUSE_CONFIG", "another config file; empty: none"),
                ("TEAHOUSE_RELAY_*", "options of teahouse relay, in capitals"),
                ("LANG, LC_ALL, LANGUAGE", "the language, unless it was chosen"),
            )
        ),
    ]
    return "\n".join(parts) + "\n"


def _flags(parser: argparse.ArgumentParser) -> list[str]:
    found = [flag for flag in flags_of(parser) if flag.names or flag.words or flag.about]
    return [line for flag in found for line in (".TP", _heading(flag), _about(flag))]


def _heading(flag: Flag) -> str:
    names = ", ".join(f"\\fB{_escaped(name)}\\fR" for name in flag.names)
    value = "|".join(flag.words) or flag.value
    if not names:
        return f"\\fI{_escaped(value)}\\fR"
    return f"{names} \\fI{_escaped(value)}\\fR" if flag.value else names


def _about(flag: Flag) -> str:
    return _text(flag.about) if flag.about else "\\&"


def _table(rows: tuple[tuple[str, str], ...]) -> list[str]:
    return [f".TP\n\\fB{_escaped(name)}\\fR\n{_text(about)}" for name, about in rows]


def _text(text: str) -> str:
    """A paragraph; where the relay's folder lies is another on each machine."""
    said = _escaped(text.replace(str(default_state_dir()), "~/.local/state/teahouse"))
    lines = textwrap.wrap(said, COLUMNS, break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"\\&{line}" if line[:1] in (".", "'") else line for line in lines)


def _escaped(text: str) -> str:
    for sign, written in (("\\", "\\e"), ("-", "\\-"), ("`", "\\`"), ("…", "..."), ("~", "\\(ti")):
        text = text.replace(sign, written)
    return text
