"""What may be done with one person: a key, what it changes, and the command."""

from dataclasses import dataclass

from p2p.api import commands as ask
from p2p.api.view import MemberView, RoomView
from tui.i18n import mark, tr
from tui.powers import brood, may_quiet, may_remove, myself, ranks_to_give, runs_room
from tui.room.person_ears import ear_actions
from tui.texts.foretell import comes_back, foretell, remove_changes
from tui.texts.peer_text import peer_text

_RANK_KEYS: dict[ask.RankName, tuple[str, str, str]] = {
    "co-host": ("C", "f12", mark("Make {name} a co-host; asks once more.")),
    "moderator": ("O", "f10", mark("Make {name} a moderator; asks once more.")),
    "speaker": ("B", "f11", mark("Take the powers of {name} away; asks once more.")),
}
_EAR_F_KEYS = {"+": "f2", "-": "f3", "S": "f4"}
_HERE = ("here", "gone")


@dataclass(frozen=True, slots=True)
class Action:
    """One line of the menu.

    Attributes:
        key: A letter or sign.
        f_key: The function key of the same meaning.
        says: What it changes.
        command: What is asked of the node.
        asks: One more question comes first.
    """

    key: str
    f_key: str
    says: str
    command: ask.Command
    asks: bool = False


def actions_for(one: MemberView, view: RoomView) -> list[Action]:
    """Return all that we may do with ``one``, ourselves included."""
    me = myself(view)
    if me is None or one.state not in _HERE:
        return []
    own_ears = [Action(key, _EAR_F_KEYS[key], says, do) for key, says, do in ear_actions(one)]
    return [*_on_stage(one, me, view), *_on_ranks(one, me), *_words(one), *own_ears]


def _on_stage(one: MemberView, me: MemberView, view: RoomView) -> list[Action]:
    if one.me:
        return _on_own_stage(one, view)
    possible = []

    def may(key: str, f_key: str, command: ask.Command) -> None:
        possible.append(Action(key, f_key, foretell(command, view), command))

    if may_remove(me, one) and one.hand_place is not None and not one.invited:
        may("A", "f5", ask.AcceptHand(one.n))
    if may_quiet(me, one) and one.on_stage:
        if not one.muted:
            may("M", "f6", ask.Mute(one.n))
        elif may_remove(me, one):
            may("A", "f5", ask.AcceptHand(one.n))
        may("D", "f7", ask.MoveDown(one.n))
    if may_remove(me, one):
        says = tr("Remove from the room; asks once more.")
        possible.append(Action("X", "f9", says, ask.Remove(one.n), asks=True))
    return possible


def _on_own_stage(one: MemberView, view: RoomView) -> list[Action]:
    if one.on_stage and one.rank > 0:
        says = tr("Go back to the audience; you listen from then on.")
        return [Action("D", "f7", says, ask.GoToAudience())]
    if runs_room(view) and one.hand_place is not None and not one.invited:
        return [Action("A", "f5", tr("Accept your own hand."), ask.AcceptHand(one.n))]
    return []


def _on_ranks(one: MemberView, me: MemberView) -> list[Action]:
    possible = []
    for role in ranks_to_give(me, one):
        key, f_key, says = _RANK_KEYS[role]
        text = tr(says, name=peer_text(one.name))
        possible.append(Action(key, f_key, text, ask.Promote(one.n, role), asks=True))
    return possible


def _words(one: MemberView) -> list[Action]:
    if one.me or one.state != "here":
        return []
    says = tr("Compare safety words by voice: is this the person whom you hear?")
    return [Action("W", "f8", says, ask.Compare(one.n))]


def removal_answers(one: MemberView, view: RoomView) -> tuple[str, list[tuple[str, str, str]]]:
    """Return what removing always means, and the ways to do it as (letter, function key, text)."""

    def says(*, new_key: bool = False, also: bool = False) -> str:
        return remove_changes(ask.Remove(one.n, new_key, also), one, view)

    answers = [
        ("y", "f5", tr("Remove. {changes}", changes=says())),
        ("k", "f7", tr("Remove. {changes}", changes=says(new_key=True))),
    ]
    if brood(view, one.n):
        answers.append(("b", "f8", tr("Remove. {changes}", changes=says(new_key=True, also=True))))
    if not view.locked:
        answers.append(("l", "f9", tr("Remove, with a new key, and lock the room.")))
    return comes_back(peer_text(one.name), view), answers


def removal_commands(letter: str, n: int) -> list[ask.Command]:
    """Return what the chosen way to remove asks of the node."""
    commands: list[ask.Command] = [ask.Remove(n, letter != "y", letter == "b")]
    if letter == "l":
        commands.insert(0, ask.SetLock(locked=True))
    return commands
