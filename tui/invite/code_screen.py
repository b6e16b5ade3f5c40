"""An invite as a QR code and nothing else, for a small window."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.invite.qr import qr_lines
from tui.widgets.plaintext import PlainText


class CodeScreen(ModalScreen[None]):
    """Ends with any of the keys that close the invite.

    Args:
        invite: What stands in the code. Secret.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,c,f7,f8,i,f4,q,enter", "dismiss", show=False),
    ]

    def __init__(self, invite: str) -> None:
        super().__init__()
        self._invite = invite

    def compose(self) -> ComposeResult:
        """The code."""
        yield PlainText("\n".join(qr_lines(self._invite)), id="code-alone")
