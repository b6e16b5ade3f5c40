"""Safety words: two people read the same few characters to each other, or learn they differ."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from p2p.api.events import Words
from tui.commands.row import Action
from tui.commands.running import compare_again, confirm
from tui.i18n import tr
from tui.nodelike import NodeLike
from tui.texts.peer_text import PeerText
from tui.texts.room_sentences import VERIFIED_MEANS
from tui.widgets.plaintext import PlainText


class WordsScreen(ModalScreen[None]):
    """Asks for the words, shows them, and takes the answer of the person who has listened.

    Args:
        node: The room.
        n: With whom to compare.
        name: Its name.
        known: A comparison that is at its words already.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", show=False),
    ]

    def __init__(self, node: NodeLike, n: int, name: PeerText, known: Words | None) -> None:
        super().__init__()
        self._node = node
        self._n = n
        self._name = name
        self._now = known

    def compose(self) -> ComposeResult:
        """Name, words, question, what the answer means, keys."""
        with VerticalScroll(classes="sheet"):
            yield PlainText(tr("Safety words with {name}", name=self._name), classes="title")
            yield PlainText(id="code", classes="key gap")
            yield PlainText(id="what", classes="gap")
            yield PlainText(tr(VERIFIED_MEANS), classes="quiet gap")
            yield PlainText(id="words-keys", classes="key gap")

    def on_mount(self) -> None:
        """Begin, unless the other has begun already."""
        if self._now is None:
            self._begin()
        self._fill()

    def is_about(self, n: int) -> bool:
        """Tell whether the comparison shown is with member ``n``."""
        return n == self._n

    def tell(self, event: Words) -> None:
        """Take note of how the comparison stands; of other people's nothing is shown."""
        if event.n == self._n:
            self._now = event
            self._fill()

    def on_key(self, event: events.Key) -> None:
        """Say whether the other read out the same, or begin anew."""
        for action in self._actions():
            if event.key.lower() in (action.key.lower(), action.f_key) and action.command:
                event.stop()
                if self._is_ready:
                    self._node.do(action.command)
                else:
                    self._begin()
                    self._fill()
                return

    def _begin(self) -> None:
        self._now = None
        for action in compare_again(self._n):
            if action.command:
                self._node.do(action.command)

    def _actions(self) -> list[Action]:
        if self._now is None:
            return []
        return confirm(self._n) if self._is_ready else compare_again(self._n)

    @property
    def _is_ready(self) -> bool:
        return self._now is not None and self._now.state == "ready"

    def _keys(self) -> str:
        keys = [f"{one.key} / {one.f_key.upper()}: {one.says}" for one in self._actions()]
        return "   ".join([*keys, tr("Esc: later") if self._is_ready else tr("Esc: back")])

    def _fill(self) -> None:
        code, what = self._texts()
        for part, text in (("code", code), ("what", what), ("words-keys", self._keys())):
            widget = self.query_one(f"#{part}", PlainText)
            widget.update(text)
            widget.display = bool(text)
        self.query_one("#what").set_class(self._is_alarm, "alarm")

    @property
    def _is_alarm(self) -> bool:
        return self._now is not None and self._now.state in ("differ", "failed")

    def _texts(self) -> tuple[str, str]:
        """Return the code, and what it means."""
        name, now = self._name, self._now
        if now is None:
            asking = tr("The words come as soon as {name} chooses you, too: say so.", name=name)
            return "", asking
        if now.state == "asked":
            return "", tr("{name} wants to compare again.", name=name)
        if now.state == "ready":
            ask = tr(
                "Read them to each other: one of you the letters, the other the words. "
                "Did you hear the same from {name}?",
                name=name,
            )
            return f"{now.code}   =   {'  '.join(now.words)}", ask
        if now.state == "verified":
            return (
                "",
                tr("✓ {name} is verified: the mark stands behind the name.", name=name),
            )
        if now.state == "differ":
            differ = tr(
                "They differ: this is not who you hear, or someone is between you. Say nothing "
                "here that must stay secret. Compare again, or leave the room.",
            )
            return "", differ
        failed = tr("{name} did not answer within 2 minutes, or not honestly.", name=name)
        return "", failed
