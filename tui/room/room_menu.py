"""How the room is run: door, key, sound, invites, and who runs it next."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from p2p.api.view import RoomView
from tui.commands.row import Action
from tui.commands.table import room_actions
from tui.i18n import tr
from tui.nodelike import NodeLike
from tui.room.menu import MenuScreen
from tui.room.status_lines import key_count
from tui.texts.room_sentences import NO_MODERATOR, SETTING_SENTENCES
from tui.widgets.plaintext import PlainText


def now(view: RoomView) -> list[str]:
    """Return how the room is run now, a sentence each."""
    door = ("lock", "on") if view.locked else ("entry", view.entry)
    sentences = [tr(SETTING_SENTENCES[door]), tr(SETTING_SENTENCES["profile", view.profile])]
    if view.key_members:
        sentences.append(key_count(view))
    if view.no_moderator:
        sentences.append(tr(NO_MODERATOR))
    return sentences


class RoomMenuScreen(MenuScreen):
    """The menu of the room.

    Args:
        node: The room.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "dismiss", show=False)]

    def __init__(self, node: NodeLike) -> None:
        super().__init__()
        self._node = node

    def compose(self) -> ComposeResult:
        """How it is now, what can be changed."""
        with VerticalScroll(classes="sheet", can_focus=False):
            yield PlainText(tr("The room"), classes="title")
            yield PlainText("\n".join(now(self._node.view())), classes="quiet")
            yield from self.lines()
            yield PlainText(tr("Esc: back"), classes="quiet gap")

    def actions(self) -> list[Action]:
        """Return what we may change of the room."""
        return room_actions(self._node.view())

    def choose(self, action: Action) -> None:
        """Do it, or go on to its screen."""
        if action.command is not None:
            self._node.do(action.command)
        self.dismiss(action.opens)
