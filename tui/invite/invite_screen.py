"""How others get in: the room key in every form, and which ways into the room work now."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen

from p2p.api.commands import MakeInvite, SetLock
from p2p.api.events import KeyShown
from p2p.api.view import RoomView
from tui.i18n import mark, tr
from tui.invite.qr import largest_that_fits
from tui.nodelike import NodeLike
from tui.powers import runs_room
from tui.texts.foretell import foretell
from tui.texts.peer_text import fit, peer_text
from tui.widgets.plaintext import PlainText

_TEXT_CELLS = 38
_LINES_BELOW = 9
_WORD_COLUMNS = 3
_WORD_CELLS = 13


WAYS = {
    "lan": mark("words on this network"),
    "dht": mark("words anywhere"),
    "dht_soon": mark("words anywhere (in some seconds)"),
    "relay": mark("a relay"),
    "invite": mark("long invite"),
}
ROOM_KEY = {
    "open": mark("Room key: who has it can come in and listen"),
    "ask": mark("Room key: who has it waits outside for a yes"),
    "invited": mark("Room key: not enough now, R makes invites"),
}
NO_ENTRY_NODE = mark(
    "Nobody outside this network can find the room by words yet: no entry node is known. "
    "Start `teahouse relay` on a reachable machine and pass it with --bootstrap, or hand over "
    "the long invite."
)


def ways_sentence(view: RoomView) -> str:
    """Return which ways into the room work now."""
    if view.locked:
        return tr("The room is locked: nobody new can come in.")
    ways = [tr(WAYS[way]) if way in WAYS else peer_text(way) for way in view.ways_in]
    return tr("Ways in now: {ways}", ways=", ".join(ways)) if ways else ""


def words_in_columns(words: str) -> str:
    """Return the words of a key, numbered and in columns, read from left to right."""
    numbered = [f"{place:>2} {word}" for place, word in enumerate(words.split(), 1)]
    rows = range(0, len(numbered), _WORD_COLUMNS)
    return "\n".join(
        "".join(fit(word, _WORD_CELLS) for word in numbered[row : row + _WORD_COLUMNS]).rstrip()
        for row in rows
    )


class InviteScreen(ModalScreen[None]):
    """Shows the key until Escape; F8 hides it from who looks over a shoulder.

    Args:
        node: The room.
        key: The room key in every form. Secret.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i,f4,q,enter", "dismiss", show=False),
        Binding("f8", "hide", show=False),
        Binding("l,f9", "lock", show=False),
    ]

    def __init__(self, node: NodeLike, key: KeyShown) -> None:
        super().__init__()
        self._node = node
        self._key = key
        self._hidden = False

    def compose(self) -> ComposeResult:
        """QR code left, forms of the key right, ways in and the long invite below."""
        with VerticalScroll(classes="sheet"):
            with Horizontal(id="both"):
                yield PlainText(id="code")
                with Vertical(id="beside"):
                    yield PlainText(id="what")
                    if self._key.uses is None:
                        yield PlainText(id="words", classes="key")
                        yield PlainText(tr("As one line"), classes="gap quiet")
                        yield PlainText(id="line", classes="key")
                        yield PlainText(tr("As digits, for the telephone"), classes="gap quiet")
                        yield PlainText(id="digits", classes="key")
                    yield PlainText(id="ways", classes="gap")
            yield PlainText(id="missing", classes="alarm")
            yield PlainText(id="invite-title", classes="quiet")
            yield PlainText(id="invite", classes="key")
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

    def action_lock(self) -> None:
        """Moderators: lock the room, or open it again."""
        view = self._node.view()
        if runs_room(view):
            self._node.do(SetLock(not view.locked))
            self._fill_ways()

    def _fill(self) -> None:
        key, hidden = self._key, "· · ·" if self._hidden else ""
        if key.uses is None:
            self._set("words", hidden or words_in_columns(key.words))
            self._set("line", hidden or key.line)
            self._set("digits", hidden or key.digits)
        self._set("invite", hidden or key.invite)
        room = (self.size.width - _TEXT_CELLS - 6, self.size.height - _LINES_BELOW)
        fits = None if hidden else largest_that_fits(self._forms(), *room)
        code = self.query_one("#code")
        code.display = fits is not None
        self._set("code", "\n".join(fits[1]) if fits else "")
        note = tr("Long invite, works without an entry node")
        if key.uses is not None:
            note = tr("Personal invite, to be given to nobody else")
        if fits:
            note += "   " + (
                tr("(the QR code)") if fits[0] == 0 else tr("(QR code: the key alone)")
            )
        elif key.uses is not None and not hidden:
            note += "   " + tr("(a larger window shows it as a QR code)")
        self._set("invite-title", note)
        self._fill_ways()

    def _forms(self) -> list[str]:
        """Return what may stand in the QR code, the best first."""
        key = self._key
        return [key.invite, key.line] if key.uses is None else [key.invite]

    def _what(self, view: RoomView) -> str:
        """Return who comes in by this key or invite."""
        key = self._key
        if key.uses is not None:
            return foretell(MakeInvite(key.uses, key.hours), view)
        return tr(ROOM_KEY[view.entry])

    def _fill_ways(self) -> None:
        view = self._node.view()
        self._set("what", self._what(view))
        self._set("ways", ways_sentence(view))
        known = {"dht", "dht_soon"} & set(view.ways_in)
        missing = "" if known or view.locked else tr(NO_ENTRY_NODE)
        self._set("missing", missing)
        self.query_one("#missing").display = bool(missing)
        keys = tr("F8 hides the key   Esc: back to the room")
        if runs_room(view):
            keys += "   " + (tr("L opens the room") if view.locked else tr("L locks the room"))
        self._set("invite-keys", keys)

    def _set(self, name: str, text: str) -> None:
        self.query_one(f"#{name}", PlainText).update(text)
