"""How others get in: what to hand over, the room key in every form, and which ways work now."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen

from crypto.wordlist import Language, words_of
from p2p.api.events import KeyShown
from p2p.api.view import FROM_OUTSIDE, RoomView
from tui.commands.running import toggle_lock
from tui.i18n import language, mark, tr
from tui.invite.code_screen import CodeScreen
from tui.invite.qr import largest_that_fits
from tui.nodelike import NodeLike
from tui.powers import runs_room
from tui.texts.foretell import invite_changes
from tui.texts.peer_text import fit, peer_text
from tui.texts.room_sentences import problem_sentence
from tui.widgets.plaintext import PlainText

_TEXT_CELLS = 38
_LINES_BESIDE = 9
_WORD_COLUMNS = 3
_WORD_CELLS = 13
_CHARACTERS: dict[str, Language] = {"zh_CN": "zh-Hans", "zh_TW": "zh-Hant"}


WAYS = {
    "lan": mark("words on this network"),
    "dht": mark("words for whoever knows an entry node"),
    "dht_soon": mark("words for whoever knows an entry node (in some seconds)"),
    "mainline": mark("words from anywhere"),
    "mainline_soon": mark("words from anywhere (in some seconds)"),
    "relay": mark("a relay"),
    "home": mark("this home: `teahouse relay --home` here would carry those who hide"),
    "invite": mark("long invite from anywhere"),
    "invite_lan": mark("long invite on this network"),
    "invite_here": mark("long invite on this computer"),
}
ROOM_KEY = {
    "open": mark("Room key: who has it can come in and listen"),
    "ask": mark("Room key: who has it waits outside for a yes"),
    "invited": mark("Room key: not enough now, R makes invites"),
}
REACHES = {
    "invite": mark("Long invite: this line is all that somebody needs"),
    "invite_lan": mark("Long invite: this line is enough on this network only"),
    "invite_here": mark("Long invite: this line is enough on this computer only"),
}
NO_REACH = mark("Long invite: it names no place to ask, and is no more than the words")
SILENT = mark("Long invite: good for nothing until a relay in it answers")
TO_SEND = mark("Your friend starts `teahouse join` and pastes this line.")
NO_RELAY_KNOWN = mark(
    "From another network nobody can find the room: no relay is known. Start `teahouse relay` on a "
    "machine that others can reach and name it with --relay."
)


def words_need(view: RoomView) -> str:
    """Return what somebody needs beside the words, the line or the digits."""
    if "mainline" in view.ways_in:
        return tr("Words alone: enough from anywhere, for who joins in open mode.")
    if "lan" in view.ways_in:
        return tr("Words alone: enough on this network only.")
    if {"dht", "dht_soon"} & set(view.ways_in):
        return tr("Words alone: enough with a known entry node.")
    return tr("Words alone: not enough. They need the relay's line: join --relay LINE")


def ways_sentence(view: RoomView) -> str:
    """Return which ways into the room work now."""
    if view.locked:
        return tr("The room is locked: nobody new can come in.")
    ways = [tr(WAYS[way]) if way in WAYS else peer_text(way) for way in view.ways_in]
    return tr("Ways in now: {ways}", ways=tr(", ").join(ways)) if ways else ""


def _missing(view: RoomView) -> str:
    """Return why nobody from elsewhere can come in, if so."""
    if view.locked:
        return ""
    if view.mode == "shield":
        return problem_sentence(view)
    return "" if FROM_OUTSIDE & set(view.ways_in) else tr(NO_RELAY_KNOWN)


def words_in_columns(words: str) -> str:
    """Return the words of a key, numbered and in columns, read from left to right."""
    numbered = [f"{place:>2} {word}" for place, word in enumerate(words.split(), 1)]
    rows = range(0, len(numbered), _WORD_COLUMNS)
    return "\n".join(
        "".join(fit(word, _WORD_CELLS) for word in numbered[row : row + _WORD_COLUMNS]).rstrip()
        for row in rows
    )


def in_characters(words: str) -> str:
    """Return the words of a key as Chinese characters, one for each; empty for other readers."""
    english, chinese = words_of("en"), _CHARACTERS.get(language())
    if chinese is None or not set(words.split()) <= set(english):
        return ""
    return " ".join(words_of(chinese)[english.index(word)] for word in words.split())


class InviteScreen(ModalScreen[None]):
    """Shows the key until Escape; F8 hides it from who looks over a shoulder, Y copies the invite.

    Args:
        node: The room.
        key: The room key in every form. Secret.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i,f4,q,enter", "dismiss", show=False),
        Binding("f8", "hide", show=False),
        Binding("l,f9", "lock", show=False),
        Binding("c,f7", "code", show=False),
        Binding("y,f5", "copy", show=False),
    ]

    def __init__(self, node: NodeLike, key: KeyShown) -> None:
        super().__init__()
        self._node = node
        self._key = key
        self._hidden = False
        self._code_note = ""

    def compose(self) -> ComposeResult:
        """The long invite, then QR code left and forms of the key right, ways in below."""
        with VerticalScroll(classes="sheet"):
            yield PlainText(id="invite-title", classes="quiet")
            yield PlainText(id="invite", classes="key")
            yield PlainText(tr(TO_SEND), classes="quiet")
            with Horizontal(id="both"):
                yield PlainText(id="code")
                with Vertical(id="beside"):
                    yield PlainText(id="what")
                    if self._key.uses is None:
                        yield PlainText(id="need", classes="quiet")
                        yield PlainText(id="words", classes="key")
                        yield PlainText(id="characters", classes="key")
                        yield PlainText(tr("As one line"), classes="quiet")
                        yield PlainText(id="line", classes="key")
                        yield PlainText(tr("As digits, for the telephone"), classes="quiet")
                        yield PlainText(id="digits", classes="key")
            yield PlainText(id="ways", classes="gap")
            yield PlainText(id="missing", classes="alarm")
        yield PlainText(id="invite-keys", classes="quiet")

    def on_mount(self) -> None:
        """Fill in the key."""
        self._fill()
        self.set_interval(1.0, self._fill_ways)

    def on_resize(self) -> None:
        """Choose the QR code that fits the new size."""
        self._fill()

    def action_hide(self) -> None:
        """Hide the key, or show it again."""
        self._hidden = not self._hidden
        self._fill()

    def action_code(self) -> None:
        """Show the QR code of the invite alone, which takes less room."""
        if not self._hidden and self._code_fits_alone():
            self.app.push_screen(CodeScreen(self._key.invite))

    def action_copy(self) -> None:
        """Copy the long invite."""
        self.app.copy_to_clipboard(self._key.invite)

    def action_lock(self) -> None:
        """Moderators: lock the room, or open it again."""
        for action in toggle_lock(self._node.view()):
            if action.command is not None:
                self._node.do(action.command)
        self._fill_ways()

    def _fill(self) -> None:
        key, hidden = self._key, "· · ·" if self._hidden else ""
        if key.uses is None:
            characters = "" if hidden else in_characters(key.words)
            self._set("words", hidden or words_in_columns(key.words))
            self._set("characters", characters)
            self.query_one("#characters").display = bool(characters)
            self._set("line", hidden or key.line)
            self._set("digits", hidden or key.digits)
        self._set("invite", hidden or key.invite)
        room = (self.size.width - _TEXT_CELLS - 6, self.size.height - _LINES_BESIDE)
        fits = None if hidden else largest_that_fits(self._forms(), *room)
        code = self.query_one("#code")
        code.display = fits is not None
        self._set("code", "\n".join(fits[1]) if fits else "")
        self._code_note = self._note(fits is not None and fits[0], hidden=bool(hidden))
        self._fill_ways()

    def _note(self, form: int | bool, *, hidden: bool) -> str:
        """Say what the QR code is: the first form, another one, or none (False)."""
        if hidden:
            return ""
        if form is not False:
            return tr("(the QR code)") if form == 0 else tr("(QR code: the key alone)")
        if self._code_fits_alone():
            return tr("(C shows it as a QR code)")
        return tr("(a larger window shows it as a QR code)")

    def _code_fits_alone(self) -> bool:
        return largest_that_fits([self._key.invite], *self.size) is not None

    def _forms(self) -> list[str]:
        """Return what may stand in the QR code, the best first; the key only where it is enough."""
        key = self._key
        alone = key.uses is None and "lan" in self._node.view().ways_in
        return [key.invite, key.line] if alone else [key.invite]

    def _what(self, view: RoomView) -> str:
        """Return who comes in by this key or invite."""
        key = self._key
        if key.uses is not None:
            return invite_changes(key.uses, key.hours)
        return tr(ROOM_KEY[view.entry])

    def _fill_ways(self) -> None:
        view = self._node.view()
        self._set("what", self._what(view))
        self._set("ways", ways_sentence(view))
        title = tr("Personal invite, to be given to nobody else")
        if self._key.uses is None:
            self._set("need", words_need(view))
            reach = next((way for way in view.ways_in if way in REACHES), "")
            none = SILENT if view.mode == "shield" else NO_REACH
            title = tr(REACHES.get(reach, none))
        self._set("invite-title", f"{title}   {self._code_note}".rstrip())
        missing = _missing(view)
        self._set("missing", missing)
        self.query_one("#missing").display = bool(missing)
        keys = tr("Y copies the invite   F8 hides it   Esc: back")
        if runs_room(view):
            keys += "   " + (tr("L opens the room") if view.locked else tr("L locks the room"))
        self._set("invite-keys", keys)

    def _set(self, name: str, text: str) -> None:
        self.query_one(f"#{name}", PlainText).update(text)
