"""What can be done with one person, each line saying what it changes."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from p2p.api.commands import Command
from p2p.api.view import MemberView, RoomView
from tui.commands.row import Action
from tui.commands.table import person_actions
from tui.i18n import tr
from tui.nodelike import NodeLike
from tui.powers import find
from tui.room.presenter import PATH_NAMES
from tui.room.question import Answer, QuestionScreen
from tui.texts.peer_text import peer_text
from tui.texts.roster import ROLE_NAMES
from tui.texts.sound_sentences import volume_note
from tui.widgets.plaintext import PlainText

_SIGNS = {"plus": "+", "equals_sign": "+", "minus": "-"}
"""Keys as Textual names them."""


class PersonScreen(ModalScreen[str]):
    """The menu of one person. Ends with the name of the next screen, or with nothing.

    Args:
        node: The room.
        n: Whom it is about.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", show=False),
    ]

    def __init__(self, node: NodeLike, n: int) -> None:
        super().__init__()
        self._node = node
        self._n = n

    def compose(self) -> ComposeResult:
        """Name, what is known, what can be done."""
        view = self._node.view()
        one = find(view, self._n)
        with VerticalScroll(classes="sheet"):
            if one is None:
                yield PlainText(tr("This person is not in the room any more."))
                return
            yield PlainText(peer_text(one.name), classes="title")
            yield PlainText(_about(one, view), classes="quiet")
            for warning in _warnings(one, view):
                yield PlainText(warning, classes="alarm")
            for place, action in enumerate(person_actions(one, view)):
                keys = f"{action.key} / {action.f_key.upper()}"
                gap = "gap" if place == 0 else ""
                yield PlainText(f"{keys}  {action.says}", classes=f"key {gap}".strip())
            yield PlainText(tr("Esc: back"), classes="quiet gap")

    def on_key(self, event: events.Key) -> None:
        """Do what the key stands for, if it is on the menu."""
        pressed = _SIGNS.get(event.key, event.key).lower()
        view = self._node.view()
        one = find(view, self._n)
        for action in person_actions(one, view) if one else []:
            if pressed in (action.key.lower(), action.f_key):
                event.stop()
                self._choose(action)
                return

    def _choose(self, action: Action) -> None:
        if action.opens:
            self.dismiss(action.opens)
        elif action.command is None:
            return
        elif action.doubt is not None:
            self.app.push_screen(QuestionScreen(action.doubt, action.command), self._sure)
        elif action.stays:
            self._node.do(action.command)
            self.refresh(recompose=True)
        else:
            self._do(action.command)

    def _sure(self, answer: Answer | None) -> None:
        if answer:
            self._do(*answer)

    def _do(self, *commands: Command) -> None:
        for command in commands:
            self._node.do(command)
        self.dismiss()


def _warnings(one: MemberView, view: RoomView) -> list[str]:
    other = None if one.imitates is None else find(view, one.imitates)
    if other is None:
        return []
    return [
        tr(
            "! This name looks like that of {name} (number {n}), but it is somebody else.",
            name=peer_text(other.name),
            n=other.n,
        )
    ]


def _about(one: MemberView, view: RoomView) -> str:
    parts = [tr(ROLE_NAMES[one.role])]
    if one.me:
        parts.append(tr("you"))
    if one.hand_place is not None:
        parts.append(tr("hand up, place {place}", place=one.hand_place))
    if one.invited:
        parts.append(tr("invited to speak"))
    if one.muted:
        parts.append(tr("muted by a moderator"))
    if one.unheard:
        parts.append(tr("sends sound that cannot be opened"))
    if note := volume_note(one):
        parts.append(note)
    if one.path in PATH_NAMES:
        parts.append(tr(PATH_NAMES[one.path]))
    if not one.me:
        parts.append(tr("verified") if one.verified else tr("not verified"))
    if one.invited_by is not None and (by := find(view, one.invited_by)) is not None:
        parts.append(tr("invited by {name}", name=peer_text(by.name)))
    return " · ".join(parts)
