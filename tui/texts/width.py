"""How many cells a text takes, counted one way by everything that draws or cuts it.

Rich, with which Textual lays lines out, counts otherwise than terminals and than the room, which
cuts names: no cell for a vowel sign of Devanagari, Tamil or Burmese (Mc), none for a lone vowel of
Hangul. Where they differ a row is longer than its list, and what stands beside it shifts. Rich
looks its function up at each call, so one name is enough.

Terminals that lay out right-to-left text (UAX #9) take a number behind an Arabic or Hebrew name,
with nothing but spaces and signs between, as a part of it, and draw it on the name's left. A mark
without width behind the name ends that.
"""

import unicodedata
from functools import lru_cache

import rich.cells
from rich.cells import cell_len, chop_cells

from p2p.room.text.names import cells

__all__ = ["cell_len", "chop_cells", "ended"]

LEFT_TO_RIGHT_MARK = "\u200e"
_rich = rich.cells.get_character_cell_size
_RIGHT_TO_LEFT = ("R", "AL")


@lru_cache(maxsize=4096)
def _cells_of(character: str, unicode_version: str = "auto") -> int:
    if unicodedata.category(character)[0] == "C":
        return _rich(character, unicode_version)
    return cells(character)


rich.cells.get_character_cell_size = _cells_of


def ended(text: str) -> str:
    """Return a name so that what stands behind it stays there, where its script runs leftwards."""
    leftwards = any(unicodedata.bidirectional(one) in _RIGHT_TO_LEFT for one in text)
    return text + LEFT_TO_RIGHT_MARK if leftwards else text
