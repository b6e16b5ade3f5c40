"""Typed commands by which moderators run the room, and two members make sure of each other."""

import math
from collections.abc import Callable
from typing import cast, get_args

from p2p.api.commands import (
    HOURS_MAX,
    USES_MAX,
    Command,
    Compare,
    Confirm,
    Let,
    MakeInvite,
    NewKey,
    Promote,
    RankName,
    Remove,
    SetEntry,
    SetProfile,
    SpeakAnyway,
)
from p2p.api.view import RoomView
from p2p.errors import UserError
from p2p.room.ops.kinds import PROFILES, EntryMode
from tui.i18n import mark, tr
from tui.line_mode.whom import find_member, find_waiting

ONE_USE = 1
A_DAY = 24.0
_NEW_KEY = " new key"
_AND_INVITED = " and invited"


def _remove(rest: str, view: RoomView) -> Command:
    """Take ``remove N [new key] [and invited]``."""
    words = f" {' '.join(rest.split())}"
    folded = words.casefold()
    brood = folded.endswith(_AND_INVITED)
    words = words[: -len(_AND_INVITED)] if brood else words
    new_key = words.casefold().endswith(_NEW_KEY)
    words = words[: -len(_NEW_KEY)] if new_key else words
    return Remove(find_member(words.strip(), view).n, new_key, brood)


def _promote(rest: str, view: RoomView) -> Command:
    who, _, role = rest.rpartition(" ")
    role = {"listener": "speaker"}.get(role.casefold(), role.casefold())
    if role not in get_args(RankName):
        raise UserError(
            "bad_command", mark("Say `promote N co-host`, `promote N moderator` or `… speaker`.")
        )
    return Promote(find_member(who.strip(), view).n, cast("RankName", role))


def _entry(rest: str, view: RoomView) -> Command:
    mode = rest.casefold()
    if mode not in get_args(EntryMode):
        raise UserError("bad_command", mark("Say `entry open`, `entry ask` or `entry invited`."))
    return SetEntry(cast("EntryMode", mode))


def _profile(rest: str, view: RoomView) -> Command:
    profile = rest.casefold()
    if profile not in PROFILES:
        raise UserError("bad_command", mark("Say `profile table` or `profile hall`."))
    return SetProfile(profile)


def _new(rest: str, view: RoomView) -> Command:
    if rest.casefold() != "key":
        raise UserError("bad_command", mark("Say `new key`."))
    return NewKey()


def _speak(rest: str, view: RoomView) -> Command:
    if rest.casefold() != "anyway":
        raise UserError("bad_command", mark("Say `speak anyway`."))
    return SpeakAnyway()


def _invite(rest: str, view: RoomView) -> Command:
    """Take ``invite [USES] [HOURS]``: one person and a day, if nothing is said."""
    parts = rest.split()
    uses = _number(parts[0]) if parts else ONE_USE
    hours = _number(parts[1]) if len(parts) > 1 else A_DAY
    return checked_invite(uses if len(parts) < 3 else math.nan, hours)


def checked_invite(uses: float, hours: float) -> MakeInvite:
    """Return the command for an invite.

    Args:
        uses: A whole number from 0, for any number of people, to 1,000.
        hours: More than 0, at most a week.

    Raises:
        UserError: They are not.
    """
    if not (0 <= uses <= USES_MAX and uses == int(uses) and 0 < hours <= HOURS_MAX):
        raise UserError(
            "bad_command",
            mark("Say `invite USES HOURS`: 1 to {uses} people or 0 for any, up to {hours} hours."),
            mark("`invite` alone is for one person and 24 hours."),
            uses=USES_MAX,
            hours=f"{HOURS_MAX:g}",
        )
    return MakeInvite(int(uses), hours)


def _words(rest: str, view: RoomView) -> Command:
    who, _, verdict = rest.rpartition(" ")
    if who.strip() and verdict.casefold() in ("same", "differ"):
        return Confirm(find_member(who.strip(), view).n, verdict.casefold() == "same")
    return Compare(find_member(rest, view).n)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


ROOM_READERS: dict[str, Callable[[str, RoomView], Command]] = {
    "remove": _remove,
    "promote": _promote,
    "entry": _entry,
    "profile": _profile,
    "new": _new,
    "speak": _speak,
    "invite": _invite,
    "words": _words,
    "let": lambda rest, view: Let(find_waiting(rest, view).n, on=True),
    "deny": lambda rest, view: Let(find_waiting(rest, view).n, on=False),
}
"""By the first word."""


def room_help_lines() -> list[str]:
    """Return these commands, one a line."""
    return [
        tr(
            "remove N            moderators: remove; `remove N new key` gives the others a new key;"
        ),
        tr("                    `… and invited`: also everybody whom N's invites brought in"),
        tr("promote N ROLE      co-host, moderator, or speaker for no powers"),
        tr("let N | deny N      moderators: let in who waits outside, or not"),
        tr("lock | unlock       moderators: let nobody new in, or open the door again"),
        tr("entry MODE          open: the room key lets in; ask: wait outside; invited: by invite"),
        tr("invite USES HOURS   a personal invite; `invite` alone: one person, 24 hours"),
        tr("new key             moderators: a new key of the sound for who is here"),
        tr("speak anyway        be heard although who was removed may hear you"),
        tr("profile table|hall  shortest delay, or fewer packets for a large room"),
        tr("words N             compare safety words; then `words N same` or `words N differ`"),
    ]
