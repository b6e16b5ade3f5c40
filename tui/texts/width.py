"""How many cells a text takes, counted one way by everything that draws or cuts it.

Rich, with which Textual lays lines out, gives no cell to a spacing combining mark (Mc), such as a
vowel sign of Devanagari, Tamil or Burmese. Terminals do (``wcwidth`` of glibc, tmux, xterm), and so
does ``p2p.room.text.names``, which cuts names. Where they differ a row is longer than its list, and
what stands beside it shifts. Rich looks its function up at each call, so one name is enough.
"""

import unicodedata
from functools import lru_cache

import rich.cells
from rich.cells import cell_len, chop_cells

__all__ = ["cell_len", "chop_cells"]

_rich = rich.cells.get_character_cell_size


@lru_cache(maxsize=4096)
def _cells_of(character: str, unicode_version: str = "auto") -> int:
    if unicodedata.category(character) == "Mc":
        return 1
    return _rich(character, unicode_version)


rich.cells.get_character_cell_size = _cells_of
