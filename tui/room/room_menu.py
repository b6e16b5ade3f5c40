"""How the room is run: door, key, sound, invites, and who runs it next."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from p2p.api.view import RoomView
from tui.commands.row import Action
from tui.commands.table import room_actions
from tui.i18n import tr
from tui.nodelike import NodeLike
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


class RoomMenuScreen(ModalScreen[str]):
    """The menu of the room. Ends with the name of the next screen, or with nothing.

    Args:
        node: The room.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,r", "dismiss", show=False),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("enter", "take", show=False),
    ]

    def __init__(self, node: NodeLike) -> None:
        super().__init__()
        self._node = node
        self._at: int | None = None
        self._shown: list[Action] = []

    def compose(self) -> ComposeResult:
        """How it is now, what can be changed."""
        view = self._node.view()
        with VerticalScroll(classes="sheet", can_focus=False):
            yield PlainText(tr("The room"), classes="title")
            yield PlainText("\n".join(now(view)), classes="quiet")
            self._shown = room_actions(view)
            for place, action in enumerate(self._shown):
                gap = "gap" if place == 0 else ""
                keys = " / ".join(one for one in (action.key, action.f_key.upper()) if one)
                text = f"{keys}  {action.says}"
                yield PlainText(text, classes=f"key action {gap}".strip())
            yield PlainText(tr("Esc: back"), classes="quiet gap")

    def on_key(self, event: events.Key) -> None:
        """Do what the key stands for."""
        for action in room_actions(self._node.view()):
            if event.key.lower() in (action.key.lower(), action.f_key):
                event.stop()
                self._do(action)
                return

    def action_move(self, by: int) -> None:
        """Point at the next line, or the one before."""
        lines = list(self.query(".action"))
        if lines:
            first = 0 if by > 0 else len(lines) - 1
            at = self._at = first if self._at is None else (self._at + by) % len(lines)
            for place, line in enumerate(lines):
                line.set_class(place == at, "pointed")
            lines[at].scroll_visible(animate=False)

    def action_take(self) -> None:
        """Do what is pointed at; nothing is: go back."""
        actions = self._shown
        if self._at is None:
            self.dismiss()
        elif self._at < len(actions):
            self._do(actions[self._at])

    def _do(self, action: Action) -> None:
        if action.command is not None:
            self._node.do(action.command)
        self.dismiss(action.opens)
