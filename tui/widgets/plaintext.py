"""Text that is drawn as it is."""

from textual.visual import VisualType
from textual.widgets import Static

from tui.texts.peer_text import unbroken


class PlainText(Static):
    """A ``Static`` that never reads markup: names and topics may be in it.

    It is laid out and painted again only when its text changes.
    """

    def __init__(
        self,
        text: str = "",
        *,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(unbroken(text), markup=False, id=id, classes=classes)
        self._shown: VisualType = text

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show this text from now on."""
        if content != self._shown:
            self._shown = content
            text = unbroken(content) if isinstance(content, str) else content
            super().update(text, layout=layout)
