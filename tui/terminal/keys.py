"""Key presses, read by their place on the keyboard."""

from textual import events

from tui.texts.key_layouts import latin

SPACE_RELEASED, SPACE_LOST, SPACE_STILL_HELD = "space_released", "space_lost", "space_still_held"
"""Names of keys that no keyboard has: what happened to Space, see ``tui.terminal.kitty``."""


def by_place(event: events.Key) -> events.Key:
    """Return the press of the Latin key at the same place; the same one if there is no other."""
    character = event.character
    if character is None or len(character) != 1:
        return event
    meant = latin(character)
    if meant == character or len(meant) != 1:
        return event
    name = _NAMES.get(meant, meant) if meant.isascii() else event.key
    return events.Key(name, meant)


_NAMES = {" ": "space", "?": "question_mark", "+": "plus", "-": "minus", "=": "equals_sign"}
