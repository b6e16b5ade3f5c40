"""A person found by typing, wherever in the room it is."""

import functools
import unicodedata
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input

from p2p.api.view import MemberView, RoomView
from p2p.room.text.confusable import NAMES_MAX
from p2p.room.text.names import NAME_CELLS
from tui.i18n import tr
from tui.nodelike import NodeLike
from tui.powers import listed
from tui.room.presenter import state_sign, trust_sign
from tui.texts.peer_text import fit, fit_right, peer_text
from tui.texts.roster import ROLE_NAMES
from tui.texts.spans import Row, Span
from tui.widgets.people import PeopleList
from tui.widgets.plaintext import PlainText

TYPED_CHARACTERS = 64


class FindScreen(ModalScreen[int]):
    """A field and a list. Ends with the number of the person, or with None.

    Args:
        node: The room.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown", "move(10)", show=False),
    ]

    def __init__(self, node: NodeLike) -> None:
        super().__init__()
        self._node = node

    def compose(self) -> ComposeResult:
        """The field, who is meant, the keys."""
        with VerticalScroll(classes="sheet", can_focus=False):
            yield PlainText(tr("Find a person"), classes="title")
            yield Input(
                placeholder=tr("a part of the name, or the number"),
                max_length=TYPED_CHARACTERS,
                id="wanted",
            )
            people = PeopleList(empty=tr("Nobody here is called so."), id="found")
            people.can_focus = False
            yield people
            yield PlainText(tr("Arrows: choose   Enter: what to do   Esc: back"), classes="key gap")

    def on_mount(self) -> None:
        """Begin in the field, with everybody."""
        self.query_one(Input).focus()
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Show who is meant now."""
        view = self._node.view()
        found = matching(self.query_one(Input).value, view)
        people = self.query_one("#found", PeopleList)
        people.set_people([one.n for one in found], lambda place: _row(found[place]))

    def action_move(self, by: int) -> None:
        """Point at somebody else, while the field stays."""
        self.query_one("#found", PeopleList).action_move(by)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Look again, from the first on."""
        self.draw()
        self.query_one("#found", PeopleList).action_move(-(TYPED_CHARACTERS**3))

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Go on with the one that is pointed at."""
        chosen = self.query_one("#found", PeopleList).chosen
        if chosen is not None:
            self.dismiss(chosen)

    def on_people_list_chosen(self, message: PeopleList.Chosen) -> None:
        """Go on with the one that was clicked on."""
        message.stop()
        self.dismiss(message.n)


def matching(typed: str, view: RoomView) -> list[MemberView]:
    """Return those whose name has the typed text in it, or whose number it is; all for none.

    Args:
        typed: In whatever form and case, full width too.
        view: The room.
    """
    wanted = _folded(typed)
    number = wanted.removeprefix("#")
    shown = listed(view)
    by_number = [one for one in shown if number.isdecimal() and one.n == int(number)]
    by_name = [one for one in shown if wanted in _folded(one.name) and one not in by_number]
    return by_number + by_name


@functools.lru_cache(maxsize=NAMES_MAX)
def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _row(one: MemberView) -> Row:
    sign, tone = state_sign(one)
    place = ""
    if one.hand_place is not None:
        place = tr("hand up, place {place}", place=one.hand_place)
    return Row(
        one.n,
        (
            Span(fit_right(str(one.n), 5) + "  ", "dim"),
            Span(f"{sign} ", tone),
            Span(fit(peer_text(one.name), NAME_CELLS), "strong"),
            trust_sign(one),
            Span(" " + tr(ROLE_NAMES[one.role]), "dim"),
            Span("  " + place, "gold"),
        ),
    )
