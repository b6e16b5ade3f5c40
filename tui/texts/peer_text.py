"""The last gate before a terminal: text that came from another person, made harmless.

Names are cleaned where they enter the room; nothing here relies on it, because one forgotten
path would let a stranger write escape sequences to the terminal. Widgets and sentences take
``PeerText``, and only ``peer_text`` makes it.
"""

import re
from typing import NewType

from p2p.room.text.names import NAME_CELLS, clean
from tui.texts.width import cell_len, chop_cells, ended

PeerText = NewType("PeerText", str)

TITLE_CELLS = 40
"""Of a topic or a relay's name in a line that says more."""
_MAX_CELLS = 512
_SIGN = "\u3040-\u30ff\u3400-\u9fff"
_OPEN, _CLOSE = "（「『《“‘", "，。：；、？！）」』》”’…"
_PIECES = re.compile(
    f" +|[{_OPEN}]*(?:[{_SIGN}]|[^ {_SIGN}{_OPEN}{_CLOSE}]+)[{_CLOSE}]*|[{_OPEN}{_CLOSE}]+"
)


def peer_text(raw: str, max_cells: int = NAME_CELLS) -> PeerText:
    """Return ``raw`` without anything that could steer a terminal or hide other text.

    Args:
        raw: Any text.
        max_cells: Most terminal cells it may take; longer text ends in an ellipsis.
    """
    return PeerText(clip(clean(raw, _MAX_CELLS), max_cells))


def clip(text: str, cells: int) -> str:
    """Return ``text`` cut to ``cells`` terminal cells, with an ellipsis when it was longer."""
    if cell_len(text) <= cells:
        return text
    if cells <= 0:
        return ""
    while text and cell_len(text) > cells - 1:
        text = text[:-1]
    return text + "…"


def fit(text: str, cells: int) -> str:
    """Return ``text`` in exactly ``cells`` terminal cells: cut, or padded on the right."""
    cut = clip(text, cells)
    return ended(cut) + " " * (cells - cell_len(cut))


def fit_right(text: str, cells: int) -> str:
    """Return ``text`` in exactly ``cells`` terminal cells: cut, or padded on the left."""
    cut = clip(text, cells)
    return " " * (cells - cell_len(cut)) + ended(cut)


def has_signs(text: str) -> bool:
    """Tell whether there is Chinese or Japanese in it, which has no spaces to cut at."""
    return re.search(f"[{_SIGN}]", text) is not None


def wrapped(text: str, cells: int) -> list[str]:
    """Return ``text`` in lines of at most ``cells`` terminal cells.

    Cut at spaces or between Chinese or Japanese signs if possible, not before a closing one.
    """
    lines, gap = [""], ""
    for piece in _PIECES.findall(text):
        if piece.startswith(" "):
            gap = piece
            continue
        longer = f"{lines[-1]}{gap}{piece}" if lines[-1] or len(lines) == 1 else piece
        if cell_len(longer) <= cells:
            lines[-1] = longer
        else:
            parts = chop_cells(piece, max(1, cells))
            lines = [*lines, *parts] if lines[-1] else parts
        gap = ""
    return lines
