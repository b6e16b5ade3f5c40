"""From spans to what Textual draws. Plain text only: no markup is ever read from a name."""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from tui.texts.spans import TONES, Spans

TONE_CLASSES = {f"tone--{tone}" for tone in TONES}


def strip_of(widget: Widget, spans: Spans, width: int, under: Style) -> Strip:
    """Return ``spans`` as one line of exactly ``width`` cells.

    Args:
        widget: Has the component classes ``TONE_CLASSES``.
        spans: What to draw.
        width: Cells; what is longer is cut, what is shorter is filled.
        under: Style below the tones: background, cursor line.
    """
    segments = [
        Segment(
            span.text, under + widget.get_component_rich_style(f"tone--{span.tone}", partial=True)
        )
        for span in spans
    ]
    return Strip(segments).adjust_cell_length(width, under)
