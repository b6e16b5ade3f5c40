"""What one may do with a person for the own ears alone: louder, softer, silent."""

from p2p.api.commands import SetHushed, SetVolume
from p2p.api.view import MemberView
from tui.i18n import tr
from tui.texts.peer_text import peer_text

STEP_DB = 3.0
LOWEST_DB = -30.0
HIGHEST_DB = 12.0
EAR_KEYS = {
    "f2": "+",
    "plus": "+",
    "equals_sign": "+",
    "f3": "-",
    "minus": "-",
    "f4": "s",
}
"""Keys as Textual names them, and the letter of the menu that each stands for."""

EarCommand = SetVolume | SetHushed


def ear_actions(one: MemberView) -> list[tuple[str, str, EarCommand]]:
    """Return key, what it changes, and the command; only for someone who can be heard."""
    if one.me or not one.on_stage or one.state not in ("here", "gone"):
        return []
    name = peer_text(one.name)
    possible: list[tuple[str, str, EarCommand]] = []
    if one.volume_db < HIGHEST_DB:
        louder = SetVolume(one.n, min(HIGHEST_DB, one.volume_db + STEP_DB))
        possible.append(("+", tr("Louder, for you only."), louder))
    if one.volume_db > LOWEST_DB:
        softer = SetVolume(one.n, max(LOWEST_DB, one.volume_db - STEP_DB))
        possible.append(("-", tr("Softer, for you only."), softer))
    if one.hushed:
        say = tr("Hear {name} again.", name=name)
    else:
        say = tr("Silence {name}, for you only; nobody learns of it.", name=name)
    possible.append(("S", say, SetHushed(one.n, not one.hushed)))
    return possible


def volume_note(one: MemberView) -> str:
    """Return how we hear this person, empty when as sent."""
    if one.hushed:
        return tr("silenced by you")
    return f"{one.volume_db:+.0f} dB" if one.volume_db else ""
