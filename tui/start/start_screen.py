"""The first screen: a key to join with, or a new room."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Checkbox, Input

from tui.i18n import mark, tr
from tui.start.typed_words import begun, completed, progress
from tui.widgets.plaintext import PlainText

SEEN = {
    "open": mark("People in the room can see this computer's internet address."),
    "shield": mark("Members do not see your address; the relay's operator does."),
}


class KeyInput(Input):
    """A field into which a whole message may be pasted; the key is found in it.

    Tab makes the last word whole, as far as it is known; else it goes to the next field.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete", show=False)]

    def action_complete(self) -> None:
        """Make the last word whole, or go on."""
        whole = completed(self.value) if self.cursor_at_end else None
        if whole is not None:
            self.value = whole
            self.action_end()
        elif not (self.cursor_at_end and begun(self.value)):
            self.screen.focus_next()

    def _on_paste(self, event: events.Paste) -> None:
        """Take every line of the clipboard: words often come in several."""
        self.insert_text_at_cursor(" ".join(event.text.split()))
        event.prevent_default()
        event.stop()


class HideBox(Checkbox):
    """A box that is empty when it is off; Textual's own shows the same sign in another colour."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # noqa: N802 - as in the base
        """The sign in the box."""
        return "X" if self.value else " "


class StartScreen(Screen[None]):
    """Asks for key and name.

    Args:
        name: What stands in the field of the name.
        mode: ``open`` or ``shield``, as it is chosen at first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.leave_at_once", show=False),
        Binding("f2", "app.try_sound", show=False),
    ]

    class Asked(Message):
        """Someone wants in, or wants a new room.

        ``key`` is None for a new room, else the text in which to look for a room key.
        """

        def __init__(self, key: str | None, name: str, topic: str, mode: str) -> None:
            super().__init__()
            self.mode = mode
            self.key = key
            self.name = name
            self.topic = topic

    def __init__(self, name: str, mode: str = "open") -> None:
        super().__init__()
        self._mode = mode
        self._guest = name

    def compose(self) -> ComposeResult:
        """Fields, buttons, and two honest sentences."""
        with VerticalScroll(id="form"):
            yield PlainText("Teahouse", classes="title")
            yield PlainText(tr("Rooms to talk in, without a server."), classes="quiet")
            yield PlainText(tr("Room key or words"), classes="gap")
            yield KeyInput(placeholder=tr("paste or type it here"), id="key")
            yield PlainText(id="progress", classes="quiet")
            yield PlainText(tr("Your name in the room"))
            yield Input(self._guest, max_length=64, id="name")
            yield PlainText(tr("Topic, for a new room only"))
            yield Input(max_length=120, id="topic")
            yield HideBox(
                tr("Hide my address: sound goes through relays, a little later"),
                self._mode == "shield",
                id="shield",
            )
            with Horizontal(id="buttons"):
                yield Button(tr("Join"), id="join")
                yield Button(tr("Create a room"), id="create")
            yield PlainText(id="failure", classes="alarm")
            yield PlainText(tr(SEEN[self._mode]), id="seen", classes="quiet")
            yield PlainText(
                tr("They may record you. Teahouse cannot prevent that."), classes="quiet"
            )
            yield PlainText(
                tr("Tab: next field   F2: try the sound   Esc: leave"), classes="quiet gap"
            )

    def on_mount(self) -> None:
        """Begin with the key."""
        self.query_one("#failure").display = False
        self.query_one("#progress").display = False
        self.query_one("#key").focus()

    def show_failure(self, message: str, hint: str) -> None:
        """Say in two lines what went wrong and what to do."""
        failure = self.query_one("#failure", PlainText)
        failure.update("\n".join(line for line in (message, hint, " ") if line))
        failure.display = True
        failure.scroll_visible(animate=False)

    def on_checkbox_changed(self, message: Checkbox.Changed) -> None:
        """Say who sees the address then."""
        self._mode = "shield" if message.value else "open"
        self.query_one("#seen", PlainText).update(tr(SEEN[self._mode]))

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was wrong is being put right; of words it is said how many are."""
        self.query_one("#failure").display = False
        if event.input.id == "key":
            said = progress(event.value)
            self.query_one("#progress", PlainText).update(said)
            self.query_one("#progress").display = bool(said)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field joins when there is a key, creates in the field of the topic."""
        key = self.query_one("#key", Input).value
        if event.input.id == "topic" and not key.strip():
            self._ask(None)
        else:
            self._ask(key)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Join or create."""
        self._ask(None if event.button.id == "create" else self.query_one("#key", Input).value)

    def _ask(self, key: str | None) -> None:
        if key is not None and not key.strip():
            self.show_failure(
                tr("There is no room key yet."), tr("Type it above, or create a room.")
            )
            self.query_one("#key").focus()
            return
        name, topic = (self.query_one(f"#{field}", Input).value for field in ("name", "topic"))
        self.post_message(self.Asked(key, name.strip() or self._guest, topic, self._mode))
