"""A question with a few answers; the harmless one is the default."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from p2p.api.commands import Command
from tui.commands.row import Doubt, Way
from tui.i18n import tr
from tui.widgets.plaintext import PlainText

Answer = tuple[Command, ...]
"""What is asked of the node; nothing for no."""


class QuestionScreen(ModalScreen[Answer]):
    """Ends with what the answer asks of the node. Enter and Escape are no, and ask nothing.

    Args:
        doubt: What is asked, and what changes.
        command: What a plain yes does.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,f6,escape,enter,q", "no", show=False),
    ]

    def __init__(self, doubt: Doubt, command: Command) -> None:
        super().__init__()
        self._doubt = doubt
        self._yes = Way("y", "f5", "", (command,))

    def compose(self) -> ComposeResult:
        """Question, consequence, keys."""
        ways = self._doubt.ways
        with VerticalScroll(classes="sheet"):
            yield PlainText(self._doubt.question, classes="title")
            yield PlainText(self._doubt.change)
            for way in ways:
                text = f"{way.letter.upper()} / {way.f_key.upper()}  {way.says}"
                yield PlainText(text, classes="key gap")
            if ways:
                yield PlainText(tr("N or Esc: no"), classes="key gap")
            else:
                yield PlainText(tr("Y or F5: yes     N or Esc: no"), classes="key gap")

    def on_key(self, event: events.Key) -> None:
        """End with an answer, if the key stands for one."""
        for way in self._doubt.ways or (self._yes,):
            if event.key.lower() in (way.letter, way.f_key):
                event.stop()
                self.dismiss(way.commands)
                return

    def action_no(self) -> None:
        """Change nothing."""
        self.dismiss(())
