"""The last things that happened, the newest at the bottom."""

from collections import deque
from typing import ClassVar

from textual.strip import Strip
from textual.widget import Widget

from tui.texts.peer_text import wrapped
from tui.texts.spans import Span, Spans
from tui.widgets.painting import TONE_CLASSES, strip_of

MAX_SENTENCES = 100


class EventLog(Widget):
    """Sentences with the time of day; what does not fit any more scrolls away."""

    COMPONENT_CLASSES: ClassVar[set[str]] = TONE_CLASSES

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._told: deque[tuple[str, str]] = deque(maxlen=MAX_SENTENCES)

    def tell(self, clock: str, sentence: str) -> None:
        """Add one sentence."""
        self._told.append((clock, sentence))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return the line ``y``; the end of the newest sentence is on the last line used."""
        lines = self._lines()
        spans = lines[y] if y < len(lines) else ()
        return strip_of(self, spans, self.size.width, self.rich_style)

    def _lines(self) -> list[Spans]:
        """Return the last lines, as many as fit; a long sentence takes several."""
        lines: deque[Spans] = deque(maxlen=max(1, self.size.height))
        for clock, sentence in list(self._told)[-max(1, self.size.height) :]:
            start = f"  {clock}  "
            room = self.size.width - len(start)
            for place, part in enumerate(wrapped(sentence, room) if room > 0 else []):
                front = start if place == 0 else " " * len(start)
                lines.append((Span(front, "dim"), Span(part, "dim")))
        return list(lines)
