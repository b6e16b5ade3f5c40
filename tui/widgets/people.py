"""A list of people, one line each: virtual, so that thousands of listeners cost what 20 do."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.texts.spans import Row, Span
from tui.widgets.painting import TONE_CLASSES, strip_of

MARGIN_CELLS = 2


class PeopleList(ScrollView, can_focus=True):
    """Rows with a cursor. Only lines whose row changed are painted again.

    Args:
        empty: What to say when there is nobody.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {*TONE_CLASSES, "people--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("home", "move(-100000)", show=False),
        Binding("end", "move(100000)", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Chosen(Message):
        """A person was picked, by Enter or by a click."""

        def __init__(self, n: int) -> None:
            super().__init__()
            self.n = n

    def __init__(self, *, empty: str, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._empty = empty
        self._ns: Sequence[int] = ()
        self._row_of: Callable[[int], Row] = ().__getitem__
        self._drawn: dict[int, Row] = {}
        self._cursor = 0

    @property
    def chosen(self) -> int | None:
        """The member under the cursor, None when the list is empty."""
        return self._ns[self._cursor] if self._ns else None

    @property
    def row_cells(self) -> int:
        """How many cells a row may take."""
        return max(0, self.scrollable_content_region.width - MARGIN_CELLS)

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show ``rows``; the cursor stays on its person."""
        self.set_people([row.n for row in rows], rows.__getitem__)

    def set_people(self, ns: Sequence[int], row_of: Callable[[int], Row]) -> None:
        """The same for many, of whom only those in sight are drawn.

        Args:
            ns: Their numbers, in order.
            row_of: Makes the row at a place.
        """
        old, drawn = self._ns, self._drawn
        self._ns, self._row_of, self._drawn = ns, row_of, {}
        if old != ns:
            self._follow(old[self._cursor] if old else None)
            self.refresh()
        else:
            first = self.scroll_offset.y
            for y in (y for y in drawn if first <= y < first + max(1, self.size.height)):
                if self._row(y) != drawn[y]:
                    self.refresh_line(y)
        if len(old) != len(ns):
            self.virtual_size = Size(0, len(ns))
            self.refresh(layout=True)

    def _row(self, place: int) -> Row:
        if place not in self._drawn:
            self._drawn[place] = self._row_of(place)
        return self._drawn[place]

    def _follow(self, n: int | None) -> None:
        last = max(0, len(self._ns) - 1)
        self._cursor = self._ns.index(n) if n in self._ns else min(self._cursor, last)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One line a person, and one line when there is nobody."""
        return max(1, len(self._ns))

    def render_line(self, y: int) -> Strip:
        """Return the line ``y`` of the visible part."""
        width = self.scrollable_content_region.width
        place = y + self.scroll_offset.y
        under = self.rich_style
        if place >= len(self._ns):
            here = Span("› ", "accent") if self.has_focus else Span("  ")
            empty = (here, Span(self._empty, "dim")) if not self._ns and y == 0 else ()
            return strip_of(self, empty, width, under)
        margin = Span("  ")
        if self.has_focus and place == self._cursor:
            under += self.get_component_rich_style("people--cursor", partial=True)
            margin = Span("› ", "accent")
        return strip_of(self, (margin, *self._row(place).spans), width, under)

    def action_move(self, by: int) -> None:
        """Move the cursor ``by`` rows, and keep it in sight."""
        self._move_to(self._cursor + by)

    def _move_to(self, place: int) -> None:
        self._cursor = max(0, min(place, len(self._ns) - 1))
        self.scroll_to_region(Region(0, self._cursor, 1, 1), animate=False)
        self.refresh()

    def action_choose(self) -> None:
        """Pick the person under the cursor."""
        if self.chosen is not None:
            self.post_message(self.Chosen(self.chosen))

    def on_click(self, event: events.Click) -> None:
        """Pick the person under the mouse."""
        place = event.y + self.scroll_offset.y
        if place < len(self._ns):
            self._move_to(place)
            self.action_choose()

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()
