"""The last things that happened, the newest at the bottom."""

from collections import deque
from typing import ClassVar

from textual.strip import Strip
from textual.widget import Widget

from tui.peertext import clip
from tui.spans import Span
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
        """Return the line ``y``; the newest sentence is on the last line used."""
        first = max(0, len(self._told) - self.size.height)
        place = first + y
        if place >= len(self._told):
            return strip_of(self, (), self.size.width, self.rich_style)
        clock, sentence = self._told[place]
        start = f"  {clock}  "
        cut = clip(sentence, self.size.width - len(start))
        spans = (Span(start, "dim"), Span(cut, "dim"))
        return strip_of(self, spans, self.size.width, self.rich_style)
