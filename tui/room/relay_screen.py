"""One more relay, named while we are in the room."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input

from p2p.api.commands import Command
from tui.commands.own import relay_command
from tui.commands.table import foretell
from tui.i18n import tr
from tui.nodelike import NodeLike
from tui.widgets.plaintext import PlainText

LINE_CHARACTERS = 300


class RelayScreen(ModalScreen[Command]):
    """A field. Ends with the command, or with None.

    Args:
        node: The room.
        line: A relay that the room names and that we do not use; or empty.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", show=False),
    ]

    def __init__(self, node: NodeLike, line: str) -> None:
        super().__init__()
        self._node = node
        self._line = line

    def compose(self) -> ComposeResult:
        """What it means, the field, the keys."""
        means = foretell(relay_command(self._line), self._node.view())
        with VerticalScroll(classes="sheet", can_focus=False):
            yield PlainText(tr("One more relay"), classes="title")
            yield PlainText(means)
            yield Input(
                self._line,
                placeholder=tr("the line that `teahouse relay` prints"),
                max_length=LINE_CHARACTERS,
                id="relay",
            )
            yield PlainText(tr("Enter: use it   Esc: back"), classes="key gap")

    def on_mount(self) -> None:
        """Begin in the field."""
        self.query_one(Input).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Take what was typed."""
        if message.value.strip():
            self.dismiss(relay_command(message.value))
