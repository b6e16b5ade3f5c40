"""Something to read before anything else: why there is no room, or what a disguise can do."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tui.i18n import tr
from tui.widgets.plaintext import PlainText


class ProblemScreen(ModalScreen[None]):
    """Shown when a run cannot go on, or may not before this has been read.

    Args:
        message: What happened.
        hint: What to do, or more about it; may be empty.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,space", "dismiss", show=False),
    ]

    def __init__(self, message: str, hint: str) -> None:
        super().__init__()
        self._message = message
        self._hint = hint

    def compose(self) -> ComposeResult:
        """Two lines and a key."""
        with VerticalScroll(classes="sheet"):
            yield PlainText(self._message, classes="title")
            yield PlainText(self._hint)
            yield PlainText(tr("Esc: close"), classes="key gap")
