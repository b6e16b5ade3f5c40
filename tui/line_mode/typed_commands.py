"""A typed line of the line mode, understood: a command, a question, or what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from p2p.api.commands import (
    AcceptHand,
    AskStats,
    Command,
    Decline,
    GoToAudience,
    Leave,
    LowerHand,
    MoveDown,
    Mute,
    RaiseHand,
    SetHushed,
    SetLock,
    SetMic,
    ShowKey,
)
from p2p.api.view import RoomView
from p2p.errors import UserError
from tui.i18n import mark, tr
from tui.line_mode.own_sound import (
    cues_command,
    delay_command,
    device_command,
    echo_command,
    say_command,
    volume_command,
)
from tui.line_mode.typed_room_commands import ROOM_READERS, room_help_lines
from tui.line_mode.whom import find_member
from tui.texts.peer_text import peer_text

MAX_LINE_CHARS = 512


@dataclass(frozen=True, slots=True)
class Question:
    """Answered by the front end itself, from the view."""

    about: Literal["who", "hands", "help", "devices"]


Understood = Command | Question
_Reader = Callable[[str, RoomView], Understood]


def understand(line: str, view: RoomView) -> Understood | None:
    """Return what ``line`` asks for; None for an empty line.

    Raises:
        UserError: The line is no command, or names nobody, or more than one person.
    """
    text = line.strip()
    if not text:
        return None
    word, _, rest = text[:MAX_LINE_CHARS].partition(" ")
    word, rest = word.casefold(), rest.strip()
    reader = _READERS.get(word)
    if reader is None:
        raise UserError(
            "unknown_command",
            mark("There is no command `{word}`."),
            mark("`help` lists all commands."),
            word=peer_text(word),
        )
    return reader(rest, view)


def _bare(word: str, answer: Understood) -> _Reader:
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


def _mic(rest: str, view: RoomView) -> Understood:
    rest = rest.casefold()
    if rest not in ("on", "off"):
        raise UserError("bad_command", mark("Say `mic on` or `mic off`."))
    return SetMic(rest == "on")


def _accept(rest: str, view: RoomView) -> Understood:
    """A bare number is a place in the queue, or the number of somebody whose hand is up.

    Of nobody else: said once too often, ``accept 1`` would invite whoever has that number.
    """
    if rest.isdecimal():
        raised = {one.hand_place: one for one in view.members if one.hand_place is not None}
        by_number = [one for one in raised.values() if one.n == int(rest)]
        found = raised.get(int(rest)) or next(iter(by_number), None)
        if found is None:
            raise UserError(
                "no_hand",
                mark("No hand is at place {place}."),
                mark("`accept #{place}` invites the member with this number, hand or not."),
                place=int(rest),
            )
        return AcceptHand(found.n)
    return AcceptHand(find_member(rest, view).n)


def _device(rest: str, view: RoomView) -> Understood:
    return device_command(rest) if rest else Question("devices")


def _volume(rest: str, view: RoomView) -> Understood:
    who, _, level = rest.rpartition(" ")
    return volume_command(find_member(who.strip(), view).n, level)


_READERS: dict[str, _Reader] = {
    "mic": _mic,
    "hand": _bare("hand", RaiseHand()),
    "lower": _bare("lower", LowerHand()),
    "accept": _accept,
    "no": _bare("no", Decline()),
    "audience": _bare("audience", GoToAudience()),
    "who": _bare("who", Question("who")),
    "hands": _bare("hands", Question("hands")),
    "mute": lambda rest, view: Mute(find_member(rest, view).n),
    "down": lambda rest, view: MoveDown(find_member(rest, view).n),
    "device": _device,
    "devices": _bare("devices", Question("devices")),
    "volume": _volume,
    "hush": lambda rest, view: SetHushed(find_member(rest, view).n, hushed=True),
    "unhush": lambda rest, view: SetHushed(find_member(rest, view).n, hushed=False),
    "cues": lambda rest, view: cues_command(rest),
    "echo": lambda rest, view: echo_command(rest),
    "delay": lambda rest, view: delay_command(rest),
    "say": lambda rest, view: say_command(rest),
    "lock": _bare("lock", SetLock(locked=True)),
    "unlock": _bare("unlock", SetLock(locked=False)),
    **ROOM_READERS,
    "key": _bare("key", ShowKey()),
    "stats": _bare("stats", AskStats()),
    "help": _bare("help", Question("help")),
    "leave": _bare("leave", Leave()),
}


def help_lines() -> list[str]:
    """Return the commands of the line mode, one a line."""
    return [
        tr(
            "mic on | mic off    open or close your microphone; `mic on` also accepts an invitation"
        ),
        tr("hand | lower        ask to speak, or take the hand down"),
        tr("no                  decline an invitation to speak"),
        tr("audience            leave the stage"),
        tr("who | hands         who is here; who wants to speak"),
        tr("accept N            moderators: invite by place in the queue, number or name"),
        tr("mute N | down N     moderators: silence a speaker, or move to the audience"),
        *room_help_lines(),
        tr("devices             which microphones and speakers there are"),
        tr("device mic NAME     use another microphone; `device speaker NAME`; NAME or default"),
        tr("volume N DB         hear someone louder or softer, -30 to 12; only you know"),
        tr("hush N | unhush N   stop hearing someone, or hear them again; only you know"),
        tr("say TEXT            with --mask typed: a machine speaks the text"),
        tr("cues on | cues off  sounds that tell you what has changed"),
        tr("echo off | on | auto  off for headphones; auto: as long as it is heard"),
        tr("delay low | full    hear others sooner, with more holes; or with fewer holes"),
        tr("key | stats         show the room key; show the numbers"),
        tr("leave               leave the room"),
        tr("N is a member's number or name."),
    ]
