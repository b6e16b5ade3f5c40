"""Commands by which moderators run the room, and two members make sure of each other."""

import math
import re
from typing import cast, get_args

from p2p.api.commands import (
    HOURS_MAX,
    USES_MAX,
    Command,
    Compare,
    Confirm,
    HandOn,
    Let,
    MakeInvite,
    NewKey,
    Promote,
    RankName,
    Remove,
    SetEntry,
    SetLock,
    SetProfile,
    SpeakAnyway,
)
from p2p.api.view import MemberView, RoomView, WaitingView
from p2p.errors import UserError
from p2p.room.ops.kinds import EntryMode
from tui.commands.row import Action, Doubt, Row, Way, always
from tui.commands.stage import on_member
from tui.commands.typed import bare, one_of
from tui.commands.whom import find_member, find_waiting
from tui.i18n import mark, tr, trn
from tui.powers import branch_of, find, may_remove, ranks_to_give, runs_room
from tui.texts.foretell import (
    KEY_MEANS,
    comes_back,
    entry_changes,
    hand_on_changes,
    invite_changes,
    let_changes,
    lock_changes,
    profile_changes,
    promote_changes,
    remove_changes,
)
from tui.texts.peer_text import peer_text

ONE_USE = 1
A_DAY = 24.0
_SEMICOLON = re.compile("[;；]")
_NEW_KEY = " new key"
_AND_INVITED = " and invited"
_RANK_KEYS: dict[RankName, tuple[str, str, str]] = {
    "co-host": ("C", "f12", mark("Make {name} a co-host; asks once more.")),
    "moderator": ("O", "f10", mark("Make {name} a moderator; asks once more.")),
    "speaker": ("B", "f11", mark("Take the powers of {name} away; asks once more.")),
}
_ENTRIES: dict[EntryMode, tuple[str, str, str]] = {
    "open": ("1", "f6", mark("Entry open.")),
    "ask": ("2", "f7", mark("Entry ask.")),
    "invited": ("3", "f8", mark("Entry invited.")),
}
_PROFILES = {"table": mark("Profile table."), "hall": mark("Profile hall.")}
_LOCK = {False: mark("Lock."), True: mark("Unlock.")}


def _read_remove(rest: str, view: RoomView) -> Remove:
    """Take ``remove N [new key] [and invited]``."""
    words = f" {' '.join(rest.split())}"
    folded = words.casefold()
    branch_too = folded.endswith(_AND_INVITED)
    words = words[: -len(_AND_INVITED)] if branch_too else words
    new_key = words.casefold().endswith(_NEW_KEY)
    words = words[: -len(_NEW_KEY)] if new_key else words
    return Remove(find_member(words.strip(), view).n, new_key, branch_too)


def _removing(command: Remove, view: RoomView) -> str:
    one = find(view, command.n)
    if one is None:
        return ""
    changes = remove_changes(one, view, new_key=command.new_key, with_invited=command.branch)
    return f"{changes} {comes_back(peer_text(one.name), view)}"


def removal(one: MemberView, view: RoomView) -> Doubt:
    """Return what removing always means, and the ways to do it."""
    n = one.n

    def says(*, new_key: bool = False, also: bool = False) -> str:
        changes = remove_changes(one, view, new_key=new_key, with_invited=also)
        return tr("Remove. {changes}", changes=changes)

    ways = [
        Way("y", "f5", says(), (Remove(n),)),
        Way("k", "f7", says(new_key=True), (Remove(n, new_key=True),)),
    ]
    if branch_of(view, n):
        out = Remove(n, new_key=True, branch=True)
        ways.append(Way("b", "f8", says(new_key=True, also=True), (out,)))
    if not view.locked:
        locks = tr("Remove, with a new key, and lock the room.")
        ways.append(Way("l", "f9", locks, (SetLock(locked=True), Remove(n, new_key=True))))
    title = tr("Remove {name} from the room?", name=peer_text(one.name))
    return Doubt(title, comes_back(peer_text(one.name), view), tuple(ways))


def _remove(one: MemberView, me: MemberView, view: RoomView) -> list[Action]:
    if one.me or not may_remove(me, one):
        return []
    says = tr("Remove from the room; asks once more.")
    return [Action("X", "f9", says, Remove(one.n), doubt=removal(one, view))]


def _read_promote(rest: str, view: RoomView) -> Promote:
    who, _, role = rest.rpartition(" ")
    role = {"listener": "speaker"}.get(role.casefold(), role.casefold())
    if role not in get_args(RankName):
        raise UserError(
            "bad_command", mark("Say `promote N co-host`, `promote N moderator` or `… speaker`.")
        )
    return Promote(find_member(who.strip(), view).n, cast("RankName", role))


def _promoting(command: Promote, view: RoomView) -> str:
    one = find(view, command.n)
    return "" if one is None else promote_changes(command.role, one, view)


def _promote(one: MemberView, me: MemberView, view: RoomView) -> list[Action]:
    possible = []
    for role in ranks_to_give(me, one):
        key, f_key, says = _RANK_KEYS[role]
        text = tr(says, name=peer_text(one.name))
        doubt = Doubt(_SEMICOLON.split(text)[0], promote_changes(role, one, view))
        possible.append(Action(key, f_key, text, Promote(one.n, role), doubt=doubt))
    return possible


def _hand_on(view: RoomView) -> list[Action]:
    says = tr("Hand the room on: choose who runs it after you.")
    return [Action("O", "f12", says, None, opens="hand on")] if runs_room(view) else []


def _letting(command: Let, view: RoomView) -> str:
    return let_changes(command.n, view, on=command.on)


def _let(one: WaitingView, view: RoomView) -> list[Action]:
    return [
        Action("Y", "f5", let_changes(one.n, view, on=True), Let(one.n, on=True)),
        Action("N", "f6", let_changes(one.n, view, on=False), Let(one.n, on=False)),
    ]


def _outside(view: RoomView) -> list[Action]:
    count = len(view.waiting)
    waits = trn("Who waits outside: {count} person.", "Who waits outside: {count} people.", count)
    return [Action("W", "f11", waits, None, opens="outside")] if runs_room(view) else []


def toggle_lock(view: RoomView) -> list[Action]:
    """Lock, or open again what is locked."""
    if not runs_room(view):
        return []
    says = f"{tr(_LOCK[view.locked])} {lock_changes(not view.locked)}"
    return [Action("L", "f5", says, SetLock(not view.locked))]


def _set_entry(view: RoomView) -> list[Action]:
    if not runs_room(view):
        return []
    return [
        Action(key, f_key, f"{tr(word)} {entry_changes(mode)}", SetEntry(mode))
        for mode, (key, f_key, word) in _ENTRIES.items()
        if mode != view.entry
    ]


def _set_profile(view: RoomView) -> list[Action]:
    if not runs_room(view):
        return []
    wanted = SetProfile("hall" if view.profile == "table" else "table")
    says = f"{tr(_PROFILES[wanted.profile])} {profile_changes(wanted.profile)}"
    return [Action("P", "f10", says, wanted)]


def _new_key(view: RoomView) -> list[Action]:
    if not runs_room(view):
        return []
    return [Action("K", "f9", f"{tr('New key.')} {tr(KEY_MEANS)}", NewKey())]


def _speak_anyway(view: RoomView) -> list[Action]:
    says = tr("Speak anyway: who was removed may hear you.")
    return [Action("S", "f3", says, SpeakAnyway())] if view.held else []


def _read_invite(rest: str, view: RoomView) -> Command:
    """Take ``invite [USES] [HOURS]``: one person and a day, if nothing is said."""
    parts = rest.split()
    uses = _number(parts[0]) if parts else ONE_USE
    hours = _number(parts[1]) if len(parts) > 1 else A_DAY
    return checked_invite(uses if len(parts) < 3 else math.nan, hours)


def checked_invite(uses: float, hours: float) -> Command:
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


def _invite(view: RoomView) -> list[Action]:
    says = tr("Make a personal invite: for how many, for how long.")
    return [Action("V", "f4", says, None, opens="invite")]


def _read_words(rest: str, view: RoomView) -> Command:
    who, _, verdict = rest.rpartition(" ")
    if who.strip() and verdict.casefold() in ("same", "differ"):
        return Confirm(find_member(who.strip(), view).n, verdict.casefold() == "same")
    return Compare(find_member(rest, view).n)


def _compare(one: MemberView, me: MemberView, view: RoomView) -> list[Action]:
    if one.me or one.state != "here":
        return []
    says = tr("Compare safety words by voice: is this the person whom you hear?")
    return [Action("G", "f8", says, Compare(one.n), opens="words")]


def compare_again(n: int) -> list[Action]:
    """Return what can be done about words with ``n`` that are not to be read now."""
    return [Action("R", "f8", tr("compare again"), Compare(n))]


def confirm(n: int) -> list[Action]:
    """Return the answers to words that the member ``n`` has just read out."""
    return [
        Action("S", "f5", tr("the same"), Confirm(n, same=True)),
        Action("D", "f6", tr("they differ"), Confirm(n, same=False)),
    ]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


RUNNING_ROWS = (
    Row(
        Remove,
        words={"remove": _read_remove},
        help=(
            mark(
                "remove N            moderators: remove; `remove N new key` gives the others a new "
                "key;"
            ),
            mark("                    `… and invited`: also everybody who came in through N alone"),
        ),
        changes=_removing,
        needs_yes=always,
        on_person=_remove,
    ),
    Row(
        Promote,
        words={"promote": _read_promote},
        help=(mark("promote N ROLE      co-host, moderator, or speaker for no powers"),),
        changes=_promoting,
        needs_yes=always,
        on_person=_promote,
    ),
    Row(HandOn, changes=on_member(hand_on_changes), needs_yes=always, in_room=_hand_on),
    Row(
        Let,
        words={
            "let": lambda rest, view: Let(find_waiting(rest, view).n, on=True),
            "deny": lambda rest, view: Let(find_waiting(rest, view).n, on=False),
        },
        help=(mark("let N | deny N      moderators: let in who waits outside, or not"),),
        changes=_letting,
        on_waiting=_let,
        in_room=_outside,
    ),
    Row(
        SetLock,
        words={
            "lock": bare("lock", SetLock(locked=True)),
            "unlock": bare("unlock", SetLock(locked=False)),
        },
        help=(mark("lock | unlock       moderators: let nobody new in, or open the door again"),),
        changes=lambda command, view: lock_changes(command.locked),
        in_room=toggle_lock,
    ),
    Row(
        SetEntry,
        words={
            "entry": one_of(
                {mode: SetEntry(mode) for mode in _ENTRIES},
                mark("Say `entry open`, `entry ask` or `entry invited`."),
            )
        },
        help=(
            mark(
                "entry MODE          open: the room key lets in; ask: wait outside; invited: by "
                "invite"
            ),
        ),
        changes=lambda command, view: entry_changes(command.mode),
        in_room=_set_entry,
    ),
    Row(
        MakeInvite,
        words={"invite": _read_invite},
        help=(mark("invite USES HOURS   a personal invite; `invite` alone: one person, 24 hours"),),
        changes=lambda command, view: invite_changes(command.uses, command.hours),
        in_room=_invite,
    ),
    Row(
        NewKey,
        words={"new": one_of({"key": NewKey()}, mark("Say `new key`."))},
        help=(mark("new key             moderators: a new key of the sound for who is here"),),
        changes=lambda command, view: tr(KEY_MEANS),
        in_room=_new_key,
    ),
    Row(
        SpeakAnyway,
        words={"speak": one_of({"anyway": SpeakAnyway()}, mark("Say `speak anyway`."))},
        help=(mark("speak anyway        be heard although who was removed may hear you"),),
        in_room=_speak_anyway,
    ),
    Row(
        SetProfile,
        words={
            "profile": one_of(
                {"table": SetProfile("table"), "hall": SetProfile("hall")},
                mark("Say `profile table` or `profile hall`."),
            )
        },
        help=(mark("profile table|hall  shortest delay, or fewer packets for a large room"),),
        changes=lambda command, view: profile_changes(command.profile),
        in_room=_set_profile,
    ),
    Row(
        Compare,
        words={"words": _read_words},
        help=(
            mark(
                "words N             compare safety words; then `words N same` or `words N differ`"
            ),
        ),
        on_person=_compare,
    ),
    Row(Confirm),
)
"""In the order of the help."""
