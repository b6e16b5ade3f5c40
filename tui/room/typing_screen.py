"""Speaking by typing: each line is spoken by a machine, nothing of a voice leaves."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input

from p2p.api.commands import Say
from tui.i18n import tr
from tui.nodelike import NodeLike
from tui.widgets.plaintext import PlainText

LINE_CHARACTERS = 500


class TypingScreen(ModalScreen[None]):
    """A field; Enter speaks the line and empties it.

    Args:
        node: The room.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f9", "dismiss", show=False),
    ]

    def __init__(self, node: NodeLike) -> None:
        super().__init__()
        self._node = node

    def compose(self) -> ComposeResult:
        """What happens, the field, the keys."""
        with VerticalScroll(classes="sheet", can_focus=False):
            yield PlainText(tr("Speak by typing"), classes="title")
            yield PlainText(
                tr("What you type is spoken while your microphone is on."), classes="quiet"
            )
            yield Input(max_length=LINE_CHARACTERS, id="line")
            yield PlainText(tr("Enter: speak the line   Esc: back"), classes="key gap")

    def on_mount(self) -> None:
        """Begin in the field."""
        self.query_one(Input).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Speak what was typed."""
        if message.value.strip():
            self._node.do(Say(message.value.strip()))
        message.input.value = ""
