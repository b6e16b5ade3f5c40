"""Whom a typed number or name means."""

from collections.abc import Sequence
from typing import TypeVar

from p2p.api.view import MemberView, RoomView, WaitingView
from p2p.errors import UserError
from tui.i18n import mark
from tui.texts.peer_text import peer_text

_PRESENT = frozenset(("here", "gone"))
_One = TypeVar("_One", MemberView, WaitingView)


def find_member(text: str, view: RoomView) -> MemberView:
    """Return the one member whom ``text`` names: ``7``, ``#7``, or an unambiguous name.

    Raises:
        UserError: Nobody, or more than one.
    """
    nobody = UserError(
        "no_such_member",
        mark("Nobody here has this name or number."),
        mark("`who` lists everybody with their numbers."),
    )
    return _find(text, [one for one in view.members if one.state in _PRESENT], nobody)


def find_waiting(text: str, view: RoomView) -> WaitingView:
    """Return the one who waits outside and whom ``text`` names by number or name.

    Raises:
        UserError: Nobody, or more than one.
    """
    nobody = UserError(
        "nobody_waits",
        mark("Nobody with this name or number waits outside."),
        mark("`who` lists everybody with their numbers, also who waits."),
    )
    return _find(text, view.waiting, nobody)


def _find(text: str, people: Sequence[_One], nobody: UserError) -> _One:
    """Take a number before a name, and a name as it is written before others like it."""
    number, wanted = text.removeprefix("#"), peer_text(text)
    found = [one for one in people if number.isdecimal() and one.n == int(number)]
    if not found:
        found = [one for one in people if peer_text(one.name) == wanted]
    if not found:
        folded = wanted.casefold()
        found = [one for one in people if peer_text(one.name).casefold() == folded]
    if not found:
        raise nobody
    if len(found) > 1:
        raise UserError(
            "ambiguous_name",
            mark("More than one person has this name."),
            mark("Say the number instead: {numbers}"),
            numbers=", ".join(str(one.n) for one in found),
        )
    return found[0]
