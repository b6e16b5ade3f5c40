"""A word to the desktop by way of the terminal, for whoever looks elsewhere and has asked for it.

OSC 9 (iTerm2, kitty, WezTerm, foot, Windows Terminal) or OSC 777 (VTE: GNOME Terminal and others).
A desktop may keep what it shows, so that no name and no topic stands in it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui.i18n import mark, tr

if TYPE_CHECKING:
    from p2p.api.events import Event

_WORDS = {
    "granted": mark("You are invited to speak."),
    "hand": mark("A hand is up."),
    "knock": mark("Somebody waits outside."),
}


class DesktopWords:
    """Chooses of what to tell the desktop: what has a sound and wants an answer.

    Args:
        environ: The environment, by which terminals are told apart.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        from p2p.node.control.cue_choice import CueChoice  # and with it the network

        self._cues = CueChoice()
        self._is_vte = "VTE_VERSION" in environ

    def of(self, event: "Event", now: float) -> str:
        """Return what to write to the terminal; empty for most events.

        Args:
            event: What the node told.
            now: Monotonic seconds.
        """
        words = _WORDS.get(self._cues.of(event, now) or "")
        if words is None:
            return ""
        if self._is_vte:
            return f"\x1b]777;notify;Teahouse;{tr(words)}\x07"
        return f"\x1b]9;Teahouse: {tr(words)}\x07"
