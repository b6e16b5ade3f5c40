"""Sentences for the room's screen: keys in the place of commands that only a line takes."""

import re

from tui.i18n import mark, tr

_QUOTED = re.compile("`([^`]*)`")
_KEYS = tuple(
    (re.compile(command), keys)
    for command, keys in (
        ("mic on", mark("Space")),
        ("no", "N"),
        ("hand", "H"),
        ("key", "I"),
        ("speak anyway", "R, S"),
        ("profile hall", "R, P"),
        ("relay( .*)?|drop relay .*", "R, A"),
        (r"let \d+", "W, Y"),
        (r"deny \d+", "W, N"),
        (r"words \d+", mark("Enter on the name, G")),
        (r"promote \d+ co-host", mark("Enter on the name, C")),
        (r"promote \d+ moderator", mark("Enter on the name, O")),
        ("who|hands", mark("the list")),
    )
)
"""What a quoted command is, whole, and the keys that do the same."""


def on_screen(sentence: str) -> str:
    """Return a sentence of the line mode as the screen says it."""
    return _QUOTED.sub(_keys, sentence)


def _keys(quoted: re.Match[str]) -> str:
    found = (keys for command, keys in _KEYS if command.fullmatch(quoted[1]))
    keys = next(found, None)
    return quoted[0] if keys is None else tr(keys)
