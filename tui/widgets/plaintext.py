"""Text that is drawn as it is."""

from textual.geometry import Size
from textual.visual import VisualType, visualize
from textual.widgets import Static

from tui.texts.peer_text import has_signs, wrapped


class PlainText(Static):
    """A ``Static`` that never reads markup: names and topics may be in it.

    It is laid out and painted again only when its text changes. Textual cuts lines at spaces alone,
    so that a name in a Chinese sentence would begin a new line behind it: such text is cut here.
    """

    def __init__(
        self,
        text: str = "",
        *,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(text, markup=False, id=id, classes=classes)
        self._shown: VisualType = text

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show this text from now on."""
        if content != self._shown:
            self._shown = content
            super().update(content, layout=layout)

    def render(self) -> VisualType:
        """Return the text, in lines if it is Chinese."""
        lines = self._lines(self.content_size.width)
        return (
            super().render() if lines is None else visualize(self, "\n".join(lines), markup=False)
        )

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines the text takes."""
        lines = self._lines(width)
        return (
            super().get_content_height(container, viewport, width) if lines is None else len(lines)
        )

    def _lines(self, cells: int) -> list[str] | None:
        """Cut the text into lines; None where Textual does it as well."""
        if cells <= 0 or not isinstance(self._shown, str) or not has_signs(self._shown):
            return None
        return [line for part in self._shown.split("\n") for line in wrapped(part, cells)]
