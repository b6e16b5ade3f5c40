"""The table of all commands, and what line mode and screens take from it."""

import math

from p2p.api.commands import Command
from p2p.api.view import MemberView, RoomView, WaitingView
from p2p.errors import UserError
from tui.commands.own import OWN_ROWS
from tui.commands.row import Action, Reader, RoomKey, Row
from tui.commands.running import RUNNING_ROWS
from tui.commands.stage import STAGE_ROWS
from tui.i18n import tr
from tui.powers import myself

TABLE: tuple[Row, ...] = (*STAGE_ROWS, *RUNNING_ROWS, *OWN_ROWS)
"""In the order of the help."""
READERS: dict[str, Reader] = {word: read for row in TABLE for word, read in row.words.items()}
"""What the line mode understands, by the first word."""
_ROWS = {row.command: row for row in TABLE if row.command is not None}
_HERE = ("here", "gone")


def help_lines() -> list[str]:
    """Return the commands of the line mode, one a line."""
    lines = [tr(line) for row in TABLE for line in row.help]
    return [
        *lines,
        tr("N is a member's number or name."),
        tr("Commands are understood in Chinese, too."),
    ]


def foretell(command: Command, view: RoomView) -> str:
    """Return what ``command`` changes for others, or ends for us; empty for everything else."""
    return _ROWS[type(command)].changes(command, view)


def needs_yes(command: Command, view: RoomView) -> bool:
    """Tell whether a person should say yes after reading what changes."""
    return _ROWS[type(command)].needs_yes(command, view)


def person_actions(one: MemberView, view: RoomView) -> list[Action]:
    """Return all that we may do with ``one``, ourselves included."""
    me = myself(view)
    if me is None or one.state not in _HERE:
        return []
    return [action for row in TABLE for action in row.on_person(one, me, view)]


def waiting_actions(one: WaitingView, view: RoomView) -> list[Action]:
    """Return the answers to somebody who waits outside."""
    return [action for row in TABLE for action in row.on_waiting(one, view)]


def room_actions(view: RoomView) -> list[Action]:
    """Return what we can do with the room, in the order of the function keys."""
    found = [action for row in TABLE for action in row.in_room(view)]
    return sorted(found, key=lambda action: f_number(action.f_key))


def room_keys() -> dict[type[Command], RoomKey]:
    """Return the keys of the room's screen, in the order of the function keys."""
    keys = [(row.command, row.key) for row in TABLE if row.command and row.key]
    return dict(sorted(keys, key=lambda pair: f_number(pair[1].keys)))


def f_number(keys: str) -> float:
    """Return the number of the function key among ``keys``; endless if there is none."""
    numbers = [int(key[1:]) for key in keys.split(",") if key[:1] == "f" and key[1:].isdecimal()]
    return min(numbers, default=math.inf)


class NotTwice:
    """Refuses the same command within the moment that its row names."""

    def __init__(self) -> None:
        self._done_s: dict[type[Command], float] = {}

    def is_too_soon(self, command: Command, now: float) -> bool:
        """Tell whether it was done a moment ago; if not, it counts as done now."""
        once = _ROWS[type(command)].once
        if once is None:
            return False
        if now - self._done_s.get(type(command), -math.inf) < once.pause_s:
            return True
        self._done_s[type(command)] = now
        return False

    def check(self, command: Command, now: float) -> None:
        """Raise UserError for a command that was done a moment ago."""
        once = _ROWS[type(command)].once
        if once is not None and self.is_too_soon(command, now):
            raise UserError(once.code, once.message, once.hint)
