"""Commands of the stage: the own microphone and hand, and what moderators do with speakers."""

from collections.abc import Callable
from typing import Any

from p2p.api.commands import (
    AcceptHand,
    Command,
    Decline,
    GoToAudience,
    LowerHand,
    MoveDown,
    Mute,
    MuteAll,
    RaiseHand,
    SetMic,
)
from p2p.api.view import MemberView, RoomView
from p2p.errors import UserError
from tui.commands.row import Action, Doubt, Once, Pressed, Question, RoomKey, Row
from tui.commands.typed import about_member, bare, one_of
from tui.commands.whom import find_member
from tui.i18n import mark, tr
from tui.powers import find, may_be_quiet, may_quiet, may_remove, myself, queue, runs_room
from tui.texts.foretell import (
    accept_changes,
    down_changes,
    hand_changes,
    mute_all_changes,
    mute_changes,
)

ACCEPT_EVERY_S = 0.5


def on_member(
    changes: Callable[[MemberView, RoomView], str],
) -> Callable[[Any, RoomView], str]:
    """Return what a command changes for the member ``n``; nothing if there is none."""

    def said(command: Any, view: RoomView) -> str:
        one = find(view, command.n)
        return "" if one is None else changes(one, view)

    return said


def microphone(*, on: bool) -> Command:
    """Open or close our microphone."""
    return SetMic(on)


def _press_mic(view: RoomView, chosen: int | None) -> Pressed:
    me = myself(view)
    if me is not None and not me.on_stage and not me.invited:
        return Pressed(remark=tr("You are in the audience. H raises your hand."))
    return Pressed(SetMic(not view.mic_on))


def _press_hand(view: RoomView, chosen: int | None) -> Pressed:
    """On stage, ask whether to go down."""
    me = myself(view)
    if me is None:
        return Pressed()
    if me.on_stage and not me.muted:
        doubt = Doubt(tr("Leave the stage?"), tr("You listen from then on."))
        return Pressed(GoToAudience(), doubt=doubt)
    if me.hand_place is None:
        return Pressed(RaiseHand(), remark=hand_changes(view))
    return Pressed(LowerHand())


def _press_accept(view: RoomView, chosen: int | None) -> Pressed:
    """Invite the chosen hand, or the first one."""
    raised = [one for one in queue(view) if not one.invited]
    if not runs_room(view):
        return Pressed(remark=tr("Only a moderator can accept a hand."))
    if not raised:
        return Pressed(remark=tr("No hand is waiting."))
    pointed_at = [one for one in raised if one.n == chosen]
    one = (pointed_at or raised)[0]
    return Pressed(AcceptHand(one.n), chosen=bool(pointed_at))


def _read_accept(rest: str, view: RoomView) -> AcceptHand:
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


def _accept(one: MemberView, me: MemberView, view: RoomView) -> list[Action]:
    """Invite a hand, also the own one, or a listener; or give who was muted its voice back."""
    waits = one.hand_place is not None and not one.invited
    if one.me:
        says = tr("Accept your own hand.")
        possible = runs_room(view) and waits and not _may_go_down(one)
    else:
        says = accept_changes(one, view)
        muted = may_quiet(me, one) and one.on_stage and one.muted
        hears = one.state == "here" and not one.on_stage and not one.invited
        possible = may_remove(me, one) and (waits or muted or hears)
    return [Action("A", "f5", says, AcceptHand(one.n))] if possible else []


def _mute(one: MemberView, me: MemberView, view: RoomView) -> list[Action]:
    if one.me or not may_quiet(me, one) or not one.on_stage or one.muted:
        return []
    return [Action("M", "f6", mute_changes(one, view), Mute(one.n))]


def _read_mute(rest: str, view: RoomView) -> Command:
    """Take ``mute N`` or ``mute all``; whoever is called so is muted by number."""
    return MuteAll() if rest.casefold() == "all" else Mute(find_member(rest, view).n)


def _mute_all(view: RoomView) -> list[Action]:
    return [Action("M", "", mute_all_changes(view), MuteAll())] if may_be_quiet(view) else []


def _move_down(one: MemberView, me: MemberView, view: RoomView) -> list[Action]:
    if one.me or not may_quiet(me, one) or not one.on_stage:
        return []
    return [Action("D", "f7", down_changes(one, view), MoveDown(one.n))]


def _go_down(one: MemberView, me: MemberView, view: RoomView) -> list[Action]:
    if not one.me or not _may_go_down(one):
        return []
    says = tr("Go back to the audience; you listen from then on.")
    return [Action("D", "f7", says, GoToAudience())]


def _may_go_down(me: MemberView) -> bool:
    return me.on_stage and me.rank > 0


STAGE_ROWS = (
    Row(
        SetMic,
        words={
            "mic": one_of(
                {"on": SetMic(True), "off": SetMic(False)}, mark("Say `mic on` or `mic off`.")
            )
        },
        help=(
            mark(
                "mic on | mic off    open or close your microphone; `mic on` also accepts an "
                "invitation"
            ),
        ),
        key=RoomKey(
            "space,f2",
            mark("Space, F2"),
            mark("microphone on or off; also says yes to a moderator"),
            _press_mic,
        ),
    ),
    Row(
        RaiseHand,
        words={"hand": bare("hand", RaiseHand())},
        help=(mark("hand | lower        ask to speak, or take the hand down"),),
        changes=lambda command, view: hand_changes(view),
        key=RoomKey(
            "h,f3", "H, F3", mark("raise your hand or take it down; leave the stage"), _press_hand
        ),
    ),
    Row(LowerHand, words={"lower": bare("lower", LowerHand())}),
    Row(
        Decline,
        words={"no": bare("no", Decline())},
        help=(mark("no                  decline an invitation to speak"),),
        key=RoomKey(
            "n,f6",
            "N, F6",
            mark("decline an invitation to speak"),
            lambda view, chosen: Pressed(Decline()),
        ),
    ),
    Row(
        GoToAudience,
        words={"audience": bare("audience", GoToAudience())},
        help=(mark("audience            leave the stage"),),
        on_person=_go_down,
    ),
    Row(
        None,
        words={
            "who": bare("who", Question("who")),
            "hands": bare("hands", Question("hands")),
            "help": bare("help", Question("help")),
        },
        help=(mark("who | hands         who is here; who wants to speak"),),
    ),
    Row(
        AcceptHand,
        words={"accept": _read_accept},
        help=(
            mark("accept N            moderators: invite by place in the queue, number or name"),
        ),
        changes=on_member(accept_changes),
        on_person=_accept,
        key=RoomKey(
            "a,f5",
            "A, F5",
            mark("moderators: accept the chosen or the first hand"),
            _press_accept,
        ),
        once=Once(  # the queue has moved on, the person has not
            ACCEPT_EVERY_S,
            "accepted_just_now",
            mark("A hand was accepted a moment ago."),
            mark("`hands` lists the queue as it is now."),
        ),
    ),
    Row(
        Mute,
        words={"mute": _read_mute},
        help=(
            mark("mute N | down N     moderators: silence a speaker, or move to the audience"),
            mark("mute all            moderators: silence every speaker at once"),
        ),
        changes=on_member(mute_changes),
        on_person=_mute,
    ),
    Row(MuteAll, changes=lambda command, view: mute_all_changes(view), in_room=_mute_all),
    Row(
        MoveDown,
        words={"down": about_member(MoveDown)},
        changes=on_member(down_changes),
        on_person=_move_down,
    ),
)
"""In the order of the help."""
