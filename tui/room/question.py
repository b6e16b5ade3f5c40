"""A question with a few answers; the harmless one is the default."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tui.i18n import tr
from tui.widgets.plaintext import PlainText

NO = ""
YES = "y"
Answer = tuple[str, str, str]
"""A letter, the function key that stands for it, and what it does."""


class QuestionScreen(ModalScreen[str]):
    """Ends with the letter of the answer; ``NO``, which is empty, for no. Enter and Escape are no.

    Args:
        question: What is asked.
        change: What changes when the answer is yes.
        answers: If there is more than yes and no: all answers but no.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,f6,escape,enter,q", "no", show=False),
    ]

    def __init__(self, question: str, change: str, answers: Sequence[Answer] = ()) -> None:
        super().__init__()
        self._question = question
        self._change = change
        self._answers = answers

    def compose(self) -> ComposeResult:
        """Question, consequence, keys."""
        with VerticalScroll(classes="sheet"):
            yield PlainText(self._question, classes="title")
            yield PlainText(self._change)
            for letter, f_key, says in self._answers:
                yield PlainText(f"{letter.upper()} / {f_key.upper()}  {says}", classes="key gap")
            if self._answers:
                yield PlainText(tr("N or Esc: no"), classes="key gap")
            else:
                yield PlainText(tr("Y or F5: yes     N or Esc: no"), classes="key gap")

    def on_key(self, event: events.Key) -> None:
        """End with an answer, if the key stands for one."""
        for letter, f_key, _ in self._answers or ((YES, "f5", ""),):
            if event.key.lower() in (letter, f_key):
                event.stop()
                self.dismiss(letter)
                return

    def action_no(self) -> None:
        """Change nothing."""
        self.dismiss(NO)
