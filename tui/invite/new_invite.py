"""For how many people and how long a personal invite works."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input

from p2p.api.commands import Command
from p2p.errors import UserError
from tui.commands.running import A_DAY, ONE_USE, checked_invite
from tui.commands.table import foretell
from tui.i18n import tr
from tui.nodelike import NodeLike
from tui.texts.failures import told
from tui.widgets.plaintext import PlainText


class NewInviteScreen(ModalScreen[Command]):
    """Two fields. Ends with the command, or with None.

    Args:
        node: The room.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f4", "dismiss", show=False),
    ]

    def __init__(self, node: NodeLike) -> None:
        super().__init__()
        self._node = node

    def compose(self) -> ComposeResult:
        """Fields, what they mean, keys."""
        with VerticalScroll(classes="sheet", can_focus=False):
            yield PlainText(tr("A personal invite"), classes="title")
            yield PlainText(tr("For how many people, 0 for any number"))
            yield Input(str(ONE_USE), max_length=8, id="uses")
            yield PlainText(tr("For how many hours"))
            yield Input(f"{A_DAY:g}", max_length=8, id="hours")
            yield PlainText(id="means")
            yield PlainText(
                tr(
                    "Whoever comes by it is listed as invited by you: a moderator can remove a "
                    "person together with everybody who came in through that person."
                ),
                classes="quiet gap",
            )
            yield PlainText(tr("Enter: make it   Tab: other field   Esc: back"), classes="key gap")

    def on_mount(self) -> None:
        """Begin with the people."""
        self.query_one("#uses").focus()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Say what these numbers mean."""
        wanted, wrong = self._read()
        means = self.query_one("#means", PlainText)
        means.update(wrong if wanted is None else foretell(wanted, self._node.view()))
        means.set_class(wanted is None, "alarm")

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Make the invite, if the numbers are possible."""
        wanted, _ = self._read()
        if wanted is not None:
            self.dismiss(wanted)

    def _read(self) -> tuple[Command | None, str]:
        uses, hours = (self.query_one(f"#{name}", Input).value for name in ("uses", "hours"))
        try:
            return checked_invite(float(uses), float(hours)), ""
        except ValueError:
            return None, tr("Two numbers, please.")
        except UserError as error:
            return None, told(error)[0]
