"""No relay is known, and the address is to stay hidden: what now?"""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from tui.i18n import tr
from tui.widgets.plaintext import PlainText

OPEN = "open"


class NoRelayScreen(ModalScreen[str]):
    """Ends with the line of a relay, with ``OPEN``, or with nothing to give up.

    Nothing goes on by itself: to show the address is the person's choice alone.

    Args:
        joining: With a key that names no relay; the long invite in its place is taken too.
        notes: What was wrong with what was typed, if anything.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", show=False),
    ]

    def __init__(self, *, joining: bool = False, notes: Sequence[str] = ()) -> None:
        super().__init__()
        self._joining = joining
        self._notes = notes

    def compose(self) -> ComposeResult:
        """What is missing, the field, what each way means."""
        title, missing = (
            tr("No relay is known"),
            tr(
                "Your address stays hidden only if sound goes through a relay, and none is "
                "known. Someone who runs one can give you its line."
            ),
        )
        field, use = tr("the line that `teahouse relay` prints"), tr("Use this relay")
        if self._joining:
            title = tr("This key does not say where the room is")
            missing = tr(
                "Ask the person who gave it for the long invite, one line that begins with "
                "TEAHOUSE:, and paste that here. The line of the room's relay does it as well."
            )
            field, use = tr("the long invite, or the line of the relay"), tr("Go on with it")
        with VerticalScroll(classes="sheet", can_focus=False):
            yield PlainText(title, classes="title")
            for note in self._notes:
                yield PlainText(note, classes="alarm")
            yield PlainText(missing)
            yield Input(placeholder=field, id="relay")
            with Horizontal(id="buttons"):
                yield Button(use, id="use")
                yield Button(tr("Go on in the open"), id="open")
                yield Button(tr("Give up"), id="give-up")
            yield PlainText(
                tr(
                    "Through a relay: members do not see your address; the relay's operator does, "
                    "and when you are here, not what is said."
                ),
                classes="quiet",
            )
            yield PlainText(
                tr(
                    "In the open: everybody in the room can see your address, a spy among them "
                    "too. So can nodes of BitTorrent's network, by which the room is found; they "
                    "see that you look for something, not what."
                ),
                classes="alarm",
            )
            yield PlainText(tr("Tab: next field   Esc: give up"), classes="quiet gap")

    def on_mount(self) -> None:
        """Begin with the relay."""
        self.query_one("#relay").focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter in the field takes the relay."""
        self._use(message.value)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Take one of the three ways."""
        if event.button.id == "use":
            self._use(self.query_one("#relay", Input).value)
        else:
            self.dismiss(OPEN if event.button.id == "open" else "")

    def _use(self, line: str) -> None:
        if line.strip():
            self.dismiss(" ".join(line.split()))

    def action_give_up(self) -> None:
        """Neither."""
        self.dismiss("")
