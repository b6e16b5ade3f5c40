"""One line of text with a left and a right half."""

from typing import ClassVar

from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from tui.texts.spans import Span, Spans, width_of
from tui.widgets.painting import TONE_CLASSES, strip_of

_GAP_CELLS = 2


class Line(Widget):
    """A line that is painted again only when its text changes.

    When both halves do not fit, the right one goes.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = TONE_CLASSES
    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"

    def __init__(
        self,
        *,
        fill: str = " ",
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._fill = fill
        self._halves: tuple[Spans, Spans] = ((), ())

    def show(self, left: Spans, right: Spans = ()) -> None:
        """Draw these halves from now on."""
        if (left, right) != self._halves:
            self._halves = (left, right)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return the line."""
        width = self.size.width
        left, right = self._halves
        room = width - width_of(left) - width_of(right)
        if right and room < _GAP_CELLS:
            right, room = (), width - width_of(left)
        middle = (Span(self._fill * max(0, room), "dim"),)
        return strip_of(self, (*left, *middle, *right), width, self.rich_style)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One line."""
        return 1
