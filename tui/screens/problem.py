"""Why there is no room: one line what happened, one line what to do."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tui.i18n import tr
from tui.widgets.plaintext import PlainText


class ProblemScreen(ModalScreen[None]):
    """Shown when a run cannot go on.

    Args:
        message: What happened.
        hint: What to do; may be empty.
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
