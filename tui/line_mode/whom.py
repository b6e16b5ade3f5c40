"""Whom a typed number or name means."""

from p2p.api.view import MemberView, RoomView, WaitingView
from p2p.errors import UserError
from tui.i18n import mark
from tui.texts.peer_text import peer_text

_PRESENT = frozenset(("here", "gone"))


def find_member(text: str, view: RoomView) -> MemberView:
    """Return the one member whom ``text`` names: ``7``, ``#7``, or an unambiguous name.

    Raises:
        UserError: Nobody, or more than one.
    """
    here = [member for member in view.members if member.state in _PRESENT]
    number = text.removeprefix("#")
    if number.isdecimal():
        found = [member for member in here if member.n == int(number)]
        if found:
            return found[0]
    wanted = peer_text(text)
    found = [member for member in here if peer_text(member.name) == wanted]
    if not found:
        folded = wanted.casefold()
        found = [member for member in here if peer_text(member.name).casefold() == folded]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(
            "ambiguous_name",
            mark("More than one person has this name."),
            mark("Say the number instead: {numbers}"),
            numbers=", ".join(str(member.n) for member in found),
        )
    raise UserError(
        "no_such_member",
        mark("Nobody here has this name or number."),
        mark("`who` lists everybody with their numbers."),
    )


def find_waiting(text: str, view: RoomView) -> WaitingView:
    """Return the one who waits outside and whom ``text`` names by number or name.

    Raises:
        UserError: Nobody, or more than one.
    """
    number, wanted = text.removeprefix("#"), peer_text(text).casefold()
    found = [one for one in view.waiting if number.isdecimal() and one.n == int(number)]
    if not found:
        found = [one for one in view.waiting if peer_text(one.name).casefold() == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(
            "ambiguous_name",
            mark("More than one person has this name."),
            mark("Say the number instead: {numbers}"),
            numbers=", ".join(str(one.n) for one in found),
        )
    raise UserError(
        "nobody_waits",
        mark("Nobody with this name or number waits outside."),
        mark("`who` lists everybody with their numbers, also who waits."),
    )
