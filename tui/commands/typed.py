"""Readers that several commands share: of a bare word, of a person, of one word of a few."""

from collections.abc import Callable, Mapping

from p2p.api.commands import Command
from p2p.api.view import RoomView
from p2p.errors import UserError
from tui.commands.row import Reader, Understood
from tui.commands.whom import find_member
from tui.i18n import mark


def bare(word: str, answer: Understood) -> Reader:
    """Return a reader that takes nothing behind the word."""

    def read(rest: str, view: RoomView) -> Understood:
        if rest:
            raise UserError(
                "bad_command",
                mark("`{word}` takes nothing behind it."),
                mark("`help` lists all commands."),
                word=word,
            )
        return answer

    return read


def about_member(command: Callable[[int], Command]) -> Reader:
    """Return a reader of a member's number or name."""
    return lambda rest, view: command(find_member(rest, view).n)


def one_of(meanings: Mapping[str, Command], else_say: str) -> Reader:
    """Return a reader of one word out of a list, in capital letters or small ones.

    Args:
        meanings: What each means.
        else_say: What to say instead of anything else.
    """

    def read(rest: str, view: RoomView) -> Understood:
        meant = meanings.get(rest.casefold())
        if meant is None:
            raise UserError("bad_command", else_say)
        return meant

    return read
