"""How the room is run: door, key, sound, invites, and who runs it next."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from p2p.api.view import RoomView
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
        Binding("escape,q,enter,r", "dismiss", show=False),
    ]

    def __init__(self, node: NodeLike) -> None:
        super().__init__()
        self._node = node

    def compose(self) -> ComposeResult:
        """How it is now, what can be changed."""
        view = self._node.view()
        with VerticalScroll(classes="sheet"):
            yield PlainText(tr("The room"), classes="title")
            yield PlainText("\n".join(now(view)), classes="quiet")
            for place, action in enumerate(room_actions(view)):
                gap = "gap" if place == 0 else ""
                keys = " / ".join(one for one in (action.key, action.f_key.upper()) if one)
                text = f"{keys}  {action.says}"
                yield PlainText(text, classes=f"key {gap}".strip())
            yield PlainText(tr("Esc: back"), classes="quiet gap")

    def on_key(self, event: events.Key) -> None:
        """Do what the key stands for."""
        for action in room_actions(self._node.view()):
            if event.key.lower() in (action.key.lower(), action.f_key):
                event.stop()
                if action.command is not None:
                    self._node.do(action.command)
                self.dismiss(action.opens)
                return
