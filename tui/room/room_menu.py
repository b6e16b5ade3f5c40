"""How the room is run: door, key, sound, invites, and who runs it next."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from p2p.api.commands import Command, NewKey, SetEntry, SetLock, SetProfile, SpeakAnyway
from p2p.api.view import RoomView
from p2p.room.ops.kinds import EntryMode
from tui.i18n import mark, tr, trn
from tui.nodelike import NodeLike
from tui.powers import runs_room
from tui.room.status_lines import key_count
from tui.texts.foretell import foretell
from tui.texts.room_sentences import NO_MODERATOR, SETTING_SENTENCES
from tui.widgets.plaintext import PlainText

INVITE = "invite"
OUTSIDE = "outside"
HAND_ON = "hand on"
Choice = tuple[str, str, str, Command | str]
"""A letter, a function key, what it changes, and the command or the name of a next screen."""

_LOCK = {False: mark("Lock."), True: mark("Unlock.")}
_ENTRIES: dict[EntryMode, tuple[str, str, str]] = {
    "open": ("1", "f6", mark("Entry open.")),
    "ask": ("2", "f7", mark("Entry ask.")),
    "invited": ("3", "f8", mark("Entry invited.")),
}
_PROFILES = {"table": mark("Profile table."), "hall": mark("Profile hall.")}


def choices(view: RoomView) -> list[Choice]:
    """Return what we can do with the room, each with what it changes."""
    invite: Choice = ("v", "f4", tr("Make a personal invite: for how many, for how long."), INVITE)
    anyway = tr("Speak anyway: who was removed may hear you.")
    first: list[Choice] = [("s", "f3", anyway, SpeakAnyway())] if view.held else []
    if not runs_room(view):
        return [*first, invite]

    def choice(letter: str, f_key: str, word: str, command: Command) -> Choice:
        return letter, f_key, f"{tr(word)} {foretell(command, view)}", command

    found = [*first, invite, choice("l", "f5", _LOCK[view.locked], SetLock(not view.locked))]
    for mode, (letter, f_key, word) in _ENTRIES.items():
        if mode != view.entry:
            found.append(choice(letter, f_key, word, SetEntry(mode)))
    found.append(choice("k", "f9", mark("New key."), NewKey()))
    profile = SetProfile("hall" if view.profile == "table" else "table")
    found.append(choice("p", "f10", _PROFILES[profile.profile], profile))
    count = len(view.waiting)
    waits = trn("Who waits outside: {count} person.", "Who waits outside: {count} people.", count)
    found.append(("w", "f11", waits, OUTSIDE))
    if runs_room(view):
        found.append(("o", "f12", tr("Hand the room on: choose who runs it after you."), HAND_ON))
    return found


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
            for place, (letter, f_key, says, _) in enumerate(choices(view)):
                gap = "gap" if place == 0 else ""
                text = f"{letter.upper()} / {f_key.upper()}  {says}"
                yield PlainText(text, classes=f"key {gap}".strip())
            yield PlainText(tr("Esc: back"), classes="quiet gap")

    def on_key(self, event: events.Key) -> None:
        """Do what the key stands for."""
        for letter, f_key, _, wanted in choices(self._node.view()):
            if event.key.lower() in (letter, f_key):
                event.stop()
                if isinstance(wanted, str):
                    self.dismiss(wanted)
                else:
                    self._node.do(wanted)
                    self.dismiss()
                return
