"""What stands on the screen while a room is opened or looked for."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui.i18n import tr
from tui.widgets.plaintext import PlainText


class WaitScreen(Screen[None]):
    """One quiet sentence; Escape gives up.

    Args:
        what: What is being done.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "app.leave_at_once", show=False),
    ]

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what

    def compose(self) -> ComposeResult:
        """The sentence, and the way out."""
        yield PlainText(self._text())

    def tell(self, what: str) -> None:
        """Say what we wait for now."""
        self._what = what
        self.query_one(PlainText).update(self._text())

    def _text(self) -> str:
        return f"{self._what}\n\n{tr('Esc: give up')}"
