"""One page: the keys, what others can see, and what this program cannot do."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tui.commands.table import f_number, room_keys
from tui.i18n import mark, tr
from tui.texts.peer_text import fit
from tui.widgets.plaintext import PlainText


def help_keys() -> list[tuple[str, str]]:
    """Return each key with what it does."""
    devices = ("D, F7    T, F9", tr("another microphone or speaker;  speak by typing"))
    keys = [(f_number(key.keys), (tr(key.shown), tr(key.help))) for key in room_keys().values()]
    keys.append((DEVICES_F, devices))
    lines = [line for _, line in sorted(keys)]
    return [
        lines[0],
        (tr("Space, held"), tr("microphone open so long, if the terminal can tell")),
        *lines[1:],
        ("R, F12   W, F11", tr("the room: door, key, invites;  who waits outside")),
        (tr("Tab, arrows, Enter"), tr("choose a person, what to do;  / finds a name")),
        ("Q, F10", tr("leave; asks when you are on stage")),
        ("Ctrl+Q", tr("leave at once; the last moderator is warned first")),
    ]


def help_signs() -> str:
    """Return what the letters in front of names mean."""
    return "\n".join(
        [
            tr("▸ speaks  M muted  S silenced by you  ~ poor link  ? unopened  x away"),
            tr("behind a name: ✓ verified by safety words  ! looks like another's"),
            tr("key: N members: how many were given the key of the sound"),
        ]
    )


DEVICES_F = 7
"""The function key, by which the line finds its place among those of the commands."""
SEEN_BY = {
    "open": mark(
        "People in the room: your name, your role, when you speak, and the internet "
        "address of this computer. People outside: that you send sound-like packets, "
        "not what is in them."
    ),
    "shield": mark(
        "People in the room: your name, your role, and when you speak. The relay's operator: the "
        "internet address of this computer, and when you are in this room. Nobody outside the "
        "room: what is said."
    ),
}


class HelpScreen(ModalScreen[None]):
    """The help page.

    Args:
        mode: ``open`` or ``shield``.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q,enter,question_mark", "dismiss", show=False)
    ]

    def __init__(self, mode: str) -> None:
        super().__init__()
        self._mode = mode

    def compose(self) -> ComposeResult:
        """Keys, then the two honest paragraphs."""
        with VerticalScroll(classes="sheet"):
            yield PlainText(tr("Help"), classes="title")
            yield PlainText("\n".join(f"{fit(key, 20)}{says}" for key, says in help_keys()))
            yield PlainText(help_signs(), classes="quiet gap")
            yield PlainText(tr("What others can see of you"), classes="title gap")
            yield PlainText(tr(SEEN_BY[self._mode]), classes="quiet")
            yield PlainText(tr("What Teahouse cannot do"), classes="title gap")
            yield PlainText(
                tr(
                    "It cannot stop anyone in the room from recording, keep out someone who has "
                    "the key while the room is open, or hide that you use it."
                ),
                classes="quiet",
            )
