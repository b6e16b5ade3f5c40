"""One row of the table of commands: all that the front end knows of one command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from p2p.api.commands import Command
from p2p.api.view import MemberView, RoomView, WaitingView

Screen = Literal["", "words", "key", "invite", "outside", "hand on", "relay"]
"""Where a command is made up, or its answer shown; empty: nowhere."""


@dataclass(frozen=True, slots=True)
class Question:
    """Answered by the front end itself, from the view."""

    about: Literal["who", "hands", "help", "devices", "relays"]


Understood = Command | Question
Reader = Callable[[str, RoomView], Understood]
"""Understands what was typed behind the first word, or raises UserError."""


@dataclass(frozen=True, slots=True)
class Way:
    """One answer to a doubt.

    Attributes:
        letter: The key.
        f_key: The function key of the same meaning.
        says: What it does.
        commands: What is asked of the node, in this order.
    """

    letter: str
    f_key: str
    says: str
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """One more question before it is done.

    Attributes:
        question: What is asked.
        change: What changes.
        ways: All answers but no; none: yes or no.
    """

    question: str
    change: str
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """One line of a menu.

    Attributes:
        key: A letter or sign.
        f_key: The function key of the same meaning; empty: none is left.
        says: What it changes.
        command: What is asked of the node; None if ``opens`` leads there.
        doubt: Asked first.
        opens: A screen that comes instead.
        stays: The menu stays, because once is seldom enough.
    """

    key: str
    f_key: str
    says: str
    command: Command | None
    doubt: Doubt | None = None
    opens: Screen = ""
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Pressed:
    """What follows from a key of the room's screen.

    Attributes:
        command: What is asked of the node; None: nothing.
        remark: Why nothing is, or what follows that is not asked for.
        doubt: Asked first.
        chosen: A person was pointed at, so that the same key again means somebody else.
        opens: The screen that shows the answer.
    """

    command: Command | None = None
    remark: str = ""
    doubt: Doubt | None = None
    chosen: bool = False
    opens: Screen = ""


@dataclass(frozen=True, slots=True)
class RoomKey:
    """A key of the room's screen.

    Attributes:
        keys: As Textual names them, with commas between.
        shown: As the help page shows them, marked for translation.
        help: What it does, marked for translation.
        press: What follows, given the room and the hand that is chosen, if one is.
    """

    keys: str
    shown: str
    help: str
    press: Callable[[RoomView, int | None], Pressed]


@dataclass(frozen=True, slots=True)
class Once:
    """Not twice within a moment.

    Attributes:
        pause_s: How long the moment is.
        code: Of the error that a typed line gets.
        message: Its message, marked for translation.
        hint: Its hint, marked for translation.
    """

    pause_s: float
    code: str
    message: str
    hint: str


def _nothing(*_: Any) -> Any:
    return []


def _unsaid(command: Any, view: RoomView) -> str:
    return ""


def never(command: Any, view: RoomView) -> bool:
    """No yes is needed."""
    return False


def always(command: Any, view: RoomView) -> bool:
    """A person should say yes after reading what changes."""
    return True


@dataclass(frozen=True, slots=True)
class Row:
    """A command.

    Attributes:
        command: Its class; None for what the front end answers by itself.
        words: Readers of typed lines, by the first word.
        help: Lines of the line mode's help, marked for translation.
        changes: What it changes for others or ends for us, said before; empty: nothing.
        needs_yes: Whether a person should say yes after reading that.
        on_person: Lines of the menu of a person (first argument), for us (second).
        on_waiting: Lines of the menu of somebody outside.
        in_room: Lines of the menu of the room.
        key: Its key on the room's screen.
        once: If it must not be done twice in one breath.
    """

    command: type[Command] | None
    words: Mapping[str, Reader] = field(default_factory=dict)
    help: tuple[str, ...] = ()
    changes: Callable[[Any, RoomView], str] = _unsaid
    needs_yes: Callable[[Any, RoomView], bool] = never
    on_person: Callable[[MemberView, MemberView, RoomView], list[Action]] = _nothing
    on_waiting: Callable[[WaitingView, RoomView], list[Action]] = _nothing
    in_room: Callable[[RoomView], list[Action]] = _nothing
    key: RoomKey | None = None
    once: Once | None = None
