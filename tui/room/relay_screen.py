"""Relays, while we are in the room: one more is named, or one is dropped."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input

from p2p.api.commands import Command
from p2p.api.events import RelayListed
from tui.commands.own import relay_command, relay_doubt
from tui.commands.table import foretell
from tui.i18n import tr
from tui.nodelike import NodeLike
from tui.room.question import Answer, QuestionScreen
from tui.texts.relay_sentences import relay_row
from tui.texts.spans import Row, Span
from tui.widgets.people import PeopleList
from tui.widgets.plaintext import PlainText

LINE_CHARACTERS = 300


class RelayScreen(ModalScreen[Command]):
    """A field and a list. Ends with the command, or with None.

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
        """What it means, the field, the relays that there are, the keys."""
        means = foretell(relay_command(self._line), self._node.view())
        with VerticalScroll(classes="sheet", can_focus=False):
            yield PlainText(tr("Relays"), classes="title")
            yield PlainText(means)
            yield Input(
                self._line,
                placeholder=tr("the line that `teahouse relay` prints"),
                max_length=LINE_CHARACTERS,
                id="relay",
            )
            yield PlainText(tr("Enter: use it   Esc: back"), classes="key gap")
            if self._node.view().relays:
                yield PlainText(tr("Tab, then Enter: drop the chosen one"), classes="key gap")
                yield PeopleList(empty="", id="relays")

    def on_mount(self) -> None:
        """Begin in the field."""
        self.query_one(Input).focus()
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        for relays in self.query("#relays").results(PeopleList):
            relays.set_rows(
                [
                    Row(
                        one.n,
                        (
                            Span(
                                relay_row(RelayListed(one.n, one.name, one.used, one.up, one.named))
                            ),
                        ),
                    )
                    for one in self._node.view().relays
                ]
            )

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Take what was typed."""
        if message.value.strip():
            self.dismiss(relay_command(message.value))

    def on_people_list_chosen(self, message: PeopleList.Chosen) -> None:
        """Ask once more."""
        message.stop()
        self.app.push_screen(QuestionScreen(*relay_doubt(message.n, self._node.view())), self._drop)

    def _drop(self, answer: Answer | None) -> None:
        for command in answer or ():
            self.dismiss(command)
