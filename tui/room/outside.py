"""Who waits outside, where a moderator has to say yes."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from p2p.api.view import RoomView, WaitingView
from p2p.room.text.names import NAME_CELLS
from tui.commands.row import Action
from tui.commands.table import waiting_actions
from tui.i18n import tr
from tui.nodelike import NodeLike
from tui.powers import find
from tui.texts.peer_text import fit, fit_right, peer_text
from tui.texts.spans import Row, Span
from tui.widgets.people import PeopleList
from tui.widgets.plaintext import PlainText


class OutsideScreen(ModalScreen[None]):
    """A list; one key lets the chosen one in, another does not.

    Args:
        node: The room.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", show=False),
    ]

    def __init__(self, node: NodeLike) -> None:
        super().__init__()
        self._node = node

    def compose(self) -> ComposeResult:
        """The list, what both answers mean, keys."""
        with VerticalScroll(classes="sheet", can_focus=False):
            yield PlainText(tr("Who waits outside"), classes="title")
            yield PlainText(
                tr("They have the room key. Nobody knows who they are but by their name."),
                classes="quiet",
            )
            yield PeopleList(empty=tr("Nobody waits."), id="outside")
            yield PlainText(id="answers", classes="key gap")
            yield PlainText(tr("Esc: back"), classes="quiet gap")

    def on_mount(self) -> None:
        """Keep up with who comes and goes."""
        self.query_one("#outside").focus()
        self.set_interval(0.5, self.draw)
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Show who waits now, and what a yes or no means for the chosen one."""
        view = self._node.view()
        people = self.query_one("#outside", PeopleList)
        people.set_rows([_row(one, view) for one in view.waiting])
        actions = self._actions(view)
        answers = "\n".join(f"{one.key} / {one.f_key.upper()}  {one.says}" for one in actions)
        self.query_one("#answers", PlainText).update(answers)

    def on_key(self, event: events.Key) -> None:
        """Let the chosen one in, or not, if the key stands for that."""
        for action in self._actions(self._node.view()):
            if event.key.lower() in (action.key.lower(), action.f_key) and action.command:
                event.stop()
                self._node.do(action.command)
                self.draw()
                return

    def _actions(self, view: RoomView) -> list[Action]:
        n = self.query_one("#outside", PeopleList).chosen
        one = next((one for one in view.waiting if one.n == n), None)
        return [] if one is None else waiting_actions(one, view)


def _row(one: WaitingView, view: RoomView) -> Row:
    spans = [
        Span(fit_right(str(one.n), 4) + "  ", "dim"),
        Span(fit(peer_text(one.name), NAME_CELLS), "strong"),
    ]
    other = None if one.imitates is None else find(view, one.imitates)
    if other is not None:
        spans.append(
            Span("  " + tr("! looks like {name}", name=peer_text(other.name)), "alarm"),
        )
    return Row(one.n, tuple(spans))
