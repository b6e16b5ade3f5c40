"""A menu in front of the room: a line for each thing to do, by its key or by arrows and Enter."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.commands.row import Action
from tui.widgets.plaintext import PlainText

_SIGNS = {"plus": "+", "equals_sign": "+", "minus": "-"}
"""Keys as Textual names them."""


class MenuScreen(ModalScreen[str]):
    """Ends with the name of the next screen, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", show=False),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("enter", "take", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._at: int | None = None
        self._shown: list[Action] = []

    def actions(self) -> list[Action]:
        """Return what can be done now."""
        raise NotImplementedError

    def choose(self, action: Action) -> None:
        """Do what one line says."""
        raise NotImplementedError

    def lines(self) -> ComposeResult:
        """Yield the lines; the one that is pointed at stays so when they are drawn anew."""
        self._shown = self.actions()
        for place, action in enumerate(self._shown):
            keys = " / ".join(one for one in (action.key, action.f_key.upper()) if one)
            gap, pointed = "gap" if place == 0 else "", "pointed" if place == self._at else ""
            classes = " ".join(f"key action {gap} {pointed}".split())
            yield PlainText(f"{keys}  {action.says}", classes=classes)

    def on_key(self, event: events.Key) -> None:
        """Do what the key stands for, if it is on the menu."""
        pressed = _SIGNS.get(event.key, event.key).lower()
        for action in self.actions():
            if pressed in (action.key.lower(), action.f_key):
                event.stop()
                self.choose(action)
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
        if self._at is None:
            self.dismiss()
        elif self._at < len(self._shown):
            self.choose(self._shown[self._at])
