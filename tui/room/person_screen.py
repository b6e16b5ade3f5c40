"""What can be done with one person, each line saying what it changes."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from p2p.api.commands import Command
from p2p.api.view import MemberView, RoomView
from tui.commands.row import Action
from tui.commands.table import person_actions
from tui.i18n import tr
from tui.nodelike import NodeLike
from tui.powers import find
from tui.room.menu import MenuScreen
from tui.room.presenter import PATH_NAMES
from tui.room.question import Answer, QuestionScreen
from tui.texts.peer_text import peer_text
from tui.texts.roster import ROLE_NAMES
from tui.texts.sound_sentences import volume_note
from tui.widgets.plaintext import PlainText


class PersonScreen(MenuScreen):
    """The menu of one person.

    Args:
        node: The room.
        n: Whom it is about.
    """

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
            yield from self.lines()
            yield PlainText(tr("Esc: back"), classes="quiet gap")

    def actions(self) -> list[Action]:
        """Return what we may do with the person."""
        view = self._node.view()
        one = find(view, self._n)
        return person_actions(one, view) if one else []

    def choose(self, action: Action) -> None:
        """Do it, ask once more, or go on to its screen."""
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
