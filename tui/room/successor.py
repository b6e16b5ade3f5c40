"""Who runs the room after us."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from p2p.api.commands import HandOn
from p2p.room.text.names import NAME_CELLS
from tui.commands.row import Doubt
from tui.i18n import tr
from tui.nodelike import NodeLike
from tui.powers import find, successors
from tui.room.presenter import trust_sign
from tui.room.question import Answer, QuestionScreen
from tui.texts.foretell import hand_on_changes, last_moderator
from tui.texts.peer_text import fit, peer_text
from tui.texts.roster import ROLE_NAMES
from tui.texts.spans import Row, Span
from tui.widgets.people import PeopleList
from tui.widgets.plaintext import PlainText

LEAVE = "leave"


class SuccessorScreen(ModalScreen[str]):
    """Lets a person name a successor. Ends with ``LEAVE`` if the room is to be left then.

    Args:
        node: The room.
        leaving: We want to leave, and are the last who can run the room.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,f5", "leave", show=False),
        Binding("n,f6,escape,q", "stay", show=False),
    ]

    def __init__(self, node: NodeLike, *, leaving: bool) -> None:
        super().__init__()
        self._node = node
        self._leaving = leaving

    def compose(self) -> ComposeResult:
        """What is lost, who could follow, keys."""
        able = successors(self._node.view())
        with VerticalScroll(classes="sheet", can_focus=False):
            title = tr("Leave the room?") if self._leaving else tr("Hand the room on")
            yield PlainText(title, classes="title")
            if self._leaving:
                yield PlainText(last_moderator(self._node.view()))
            if able:
                yield PlainText(
                    tr("Enter: the chosen one runs the room after you"), classes="key gap"
                )
            else:
                yield PlainText(
                    tr("You can name no successor: nobody is here who could take your place."),
                    classes="gap",
                )
            yield PeopleList(empty="", id="able")
            if self._leaving:
                yield PlainText(tr("Y or F5: leave without a successor"), classes="key gap")
            yield PlainText(tr("N or Esc: stay"), classes="key")

    def on_mount(self) -> None:
        """Show who could follow; the best known first."""
        people = self.query_one("#able", PeopleList)
        people.display = bool(successors(self._node.view()))
        people.focus()
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        rows = [
            Row(
                one.n,
                (
                    Span(fit(peer_text(one.name), NAME_CELLS), "strong"),
                    trust_sign(one),
                    Span(" " + tr(ROLE_NAMES[one.role]), "dim"),
                ),
            )
            for one in successors(self._node.view())
        ]
        self.query_one("#able", PeopleList).set_rows(rows)

    def on_people_list_chosen(self, message: PeopleList.Chosen) -> None:
        """Ask once more, hand on, and leave if that was wanted."""
        message.stop()
        view = self._node.view()
        one = find(view, message.n)
        if one is None:
            return
        question = tr("Hand the room on to {name}?", name=peer_text(one.name))
        self.app.push_screen(
            QuestionScreen(Doubt(question, hand_on_changes(one, view)), HandOn(message.n)),
            self._hand_on,
        )

    def _hand_on(self, answer: Answer | None) -> None:
        for command in answer or ():
            self._node.do(command)
            self.dismiss(LEAVE if self._leaving else "")

    def action_leave(self) -> None:
        """Leave without a successor, if leaving is what this is about."""
        if self._leaving:
            self.dismiss(LEAVE)

    def action_stay(self) -> None:
        """Change nothing."""
        self.dismiss("")
