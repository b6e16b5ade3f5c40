"""A question with two answers; the harmless one is the default."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tui.i18n import tr
from tui.widgets.plaintext import PlainText


class QuestionScreen(ModalScreen[bool]):
    """Ends with True for yes. Enter and Escape are no.

    Args:
        question: What is asked.
        change: What changes when the answer is yes.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,f5", "answer(True)", show=False),
        Binding("n,f6,escape,enter,q", "answer(False)", show=False),
    ]

    def __init__(self, question: str, change: str) -> None:
        super().__init__()
        self._question = question
        self._change = change

    def compose(self) -> ComposeResult:
        """Question, consequence, keys."""
        with VerticalScroll(classes="sheet"):
            yield PlainText(self._question, classes="title")
            yield PlainText(self._change)
            yield PlainText(tr("Y or F5: yes     N or Esc: no"), classes="key gap")

    def action_answer(self, yes: bool) -> None:
        """End with the answer."""
        self.dismiss(yes)
