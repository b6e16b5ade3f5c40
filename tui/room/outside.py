"""Who waits outside, where a moderator has to say yes."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from p2p.api.commands import Let
from p2p.api.view import RoomView, WaitingView
from p2p.room.text.names import NAME_CELLS
from tui.i18n import tr
from tui.nodelike import NodeLike
from tui.powers import find
from tui.texts.foretell import let_changes
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
        Binding("l,f5", "let(True)", show=False),
        Binding("d,f6", "let(False)", show=False),
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
            yield PlainText(id="yes", classes="key gap")
            yield PlainText(id="no", classes="key")
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
        n = people.chosen
        for name, key, on in (("yes", "L / F5", True), ("no", "D / F6", False)):
            says = "" if n is None else let_changes(n, view, on=on)
            self.query_one(f"#{name}", PlainText).update(f"{key}  {says}" if says else "")

    def action_let(self, on: bool) -> None:
        """Let the chosen one in, or not."""
        n = self.query_one("#outside", PeopleList).chosen
        if n is not None:
            self._node.do(Let(n, on))
            self.draw()


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
