"""Pieces of one line with a tone each: what presenters hand to widgets.

A tone is a meaning, not a colour; ``theme.tcss`` gives it one. No state is shown by the
tone alone.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from tui.texts.width import cell_len

Tone = Literal["plain", "dim", "strong", "accent", "gold", "warn", "alarm"]
TONES: tuple[Tone, ...] = ("plain", "dim", "strong", "accent", "gold", "warn", "alarm")


class Span(NamedTuple):
    """Some text in one tone."""

    text: str
    tone: Tone = "plain"


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list. ``n`` is the member it is about."""

    n: int
    spans: Spans


def width_of(spans: Spans) -> int:
    """Return the terminal cells that ``spans`` take."""
    return sum(cell_len(span.text) for span in spans)
