"""From what a person wants to the operation that says it, if the member's place allows it."""

from typing import NamedTuple

from crypto.ids import MemberId, OpId
from p2p.errors import UserError
from p2p.room import commands
from p2p.room.agent.refusals import refusal
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.powers import NOBODY, POWERS
from p2p.room.ops.registers import INVITES_MAX
from p2p.room.stage import NEXT, Act, Stage
from p2p.room.state.model import Member, RoomState

STAGE_MAX = 16
"""Members on stage or invited at once, the host included."""

LIVE_INVITES_MAX = 8
"""Invites of one member that let somebody in."""


class Writing(NamedTuple):
    """A kind of operation, its own fields, and the appointment it is written under."""

    kind: type[kinds.Body]
    fields: tuple[object, ...]
    auth: OpId = NONE


_OWN: dict[Act, type[kinds.Body]] = {
    Act.RAISE: kinds.Hand,
    Act.LOWER: kinds.Hand,
    Act.TAKE: kinds.Take,
    Act.DECLINE: kinds.Decline,
    Act.AUDIENCE: kinds.Audience,
    Act.LEAVE: kinds.Leave,
}

_SETTINGS: dict[type, type[kinds.Body]] = {
    commands.SetLock: kinds.Lock,
    commands.SetTopic: kinds.Topic,
    commands.SetEntry: kinds.Entry,
    commands.SetProfile: kinds.Profile,
    commands.SetCarriers: kinds.Carriers,
}

_TOWARDS: dict[type, type[kinds.Body]] = {
    commands.Accept: kinds.Grant,
    commands.Mute: kinds.Mute,
    commands.MoveDown: kinds.Down,
    commands.Remove: kinds.Remove,
}


def writing_for(
    command: commands.Command, me: Member, state: RoomState, last_slot: int
) -> Writing | None:
    """Translate a command.

    Args:
        command: What was asked for.
        me: Whoever asked.
        state: The room now.
        last_slot: The slot granted last; the next one is searched after it, so that frames still
            on their way in a slot do not meet its next holder.

    Returns:
        What to sign; None if it is so already (the microphone of somebody on stage).

    Raises:
        UserError: It is not possible from where the member stands, or not for us to do.
    """
    match command:
        case commands.MakeInvite():
            return _invite(command, me, state)
        case commands.Uninvite():
            return _uninvite(command, me, state)
        case commands.Promote():
            return _promote(command, me, state)
        case commands.Accept() | commands.Mute() | commands.MoveDown() | commands.Remove():
            return _towards(command, me, state, last_slot)
        case commands.Let():
            return _let(command, me, state)
    if isinstance(command, commands.OwnCommand):
        return _own(command, me)
    return _setting(command, me, state)


def _powerful(me: Member, kind: type[kinds.Body], *fields: object) -> Writing:
    """Write with a power, if we have it."""
    if me.rank > POWERS[kind] or not me.is_here:
        raise UserError("not_host", "Only the host and moderators can do that.")
    return Writing(kind, fields, me.auth)


def _setting(command: commands.SettingCommand, me: Member, state: RoomState) -> Writing:
    kind, value = _SETTINGS[type(command)], _value(command)
    writing = _powerful(me, kind, value, state.over.get(kind, ())[: kinds.OVER_MAX])
    if isinstance(command, commands.SetLock) and command.on == state.locked:
        if command.on:
            raise UserError("locked_already", "The room is locked already.")
        raise UserError("open_already", "The room is open already.")
    return writing


def _value(command: commands.SettingCommand) -> object:
    match command:
        case commands.SetLock():
            return command.on
        case commands.SetTopic():
            return command.text[: kinds.TOPIC_CHARS_MAX]
        case commands.SetEntry():
            return command.mode
        case commands.SetProfile():
            return command.profile
    return command.relays


def _own(command: commands.OwnCommand, me: Member) -> Writing | None:
    act: Act = command.act
    if act is Act.TAKE and me.stage in (Stage.HOST, Stage.SPEAKING):
        return None
    if (me.stage, act) not in NEXT:
        raise refusal(act, me.stage, own=True)
    fields: dict[Act, tuple[object, ...]] = {
        Act.RAISE: (True,),
        Act.LOWER: (False,),
        Act.TAKE: (me.grant,),
        Act.DECLINE: (me.grant, False),
    }
    return Writing(_OWN[act], fields.get(act, ()))


def _towards(
    command: commands.TowardsCommand, me: Member, state: RoomState, last_slot: int
) -> Writing:
    """Translate what a moderator does to a member."""
    muted = command.member in state.live and bool(state.live[command.member].mutes)
    accepts = isinstance(command, commands.Accept)
    _powerful(me, kinds.Mute if accepts and muted else _TOWARDS[type(command)])
    member = _junior(command.member, me, state)
    match command:
        case commands.Accept() if member.stage is Stage.MUTED:
            live = state.live[member.id]
            lifts = live.mutes[: kinds.LIFTS_MAX]
            return _powerful(me, kinds.Mute, state.epoch, member.id, live.id, False, lifts)
        case commands.Accept():
            _require(Act.ACCEPT, member)
            slot = free_slot(state, last_slot)
            return _powerful(me, kinds.Grant, state.epoch, slot, member.id, member.wish)
        case commands.Mute():
            _require(Act.MUTE, member)
            return _powerful(me, kinds.Mute, state.epoch, member.id, member.grant, True, ())
        case commands.MoveDown():
            _require(Act.DOWN, member)
            return down(me, member, state, lapsed=False)
    _require(Act.REMOVE, member)
    if member.id == me.id:
        raise UserError("own_removal", "You cannot remove yourself.", "Leave the room instead.")
    return _powerful(
        me,
        kinds.Remove,
        member.id,
        member.join,
        member.cut,
        command.branch,
        member.keeps,
        state.last_removals,
    )


def down(me: Member, member: Member, state: RoomState, *, lapsed: bool) -> Writing:
    """Write that a member is moved down from where it stands now."""
    grant = member.grant if member.grant is not None else NONE
    return _powerful(me, kinds.Down, state.epoch, member.id, member.wish, grant, lapsed)


def _junior(target: MemberId, me: Member, state: RoomState) -> Member:
    """Find a member that we may act on: one of lower rank, or ourselves."""
    if target not in state.members:
        raise UserError("no_such_member", "There is no such member.")
    member = state.members[target]
    if member.rank <= me.rank and member.id != me.id and member.is_here:
        raise UserError("is_senior", "This member has your rank or a higher one.")
    return member


def _promote(command: commands.Promote, me: Member, state: RoomState) -> Writing:
    member = _junior(command.member, me, state)
    own = member.id == me.id
    if not own:
        _powerful(me, kinds.Rank)
    if not member.is_here:
        raise refusal(Act.REMOVE, member.stage, own=own)
    hands_on = command.rank == me.rank and not (own or me.is_host)
    if not (me.rank < command.rank <= NOBODY or hands_on) or (me.is_host and own):
        raise UserError("not_yours_to_give", "You can only give ranks below your own.")
    if command.rank == member.rank:
        raise UserError("same_rank", "This member has that rank already.")
    rises = command.rank < member.rank
    over = () if rises else member.tenures[: kinds.OVER_MAX]
    keeps = me.keeps if hands_on else () if rises else member.keeps
    keys = (member.sign, member.dh)
    fields = (member.id, command.rank, *keys, over, member.cut, keeps)
    return Writing(kinds.Rank, fields, me.auth)


def _let(command: commands.Let, me: Member, state: RoomState) -> Writing:
    if command.member in state.members:
        _junior(command.member, me, state)
    elif command.member not in state.let and all(
        one.member != command.member for one in state.asking
    ):
        raise UserError("no_such_member", "There is no such member.")
    return _powerful(me, kinds.Let, command.member, command.on)


def _invite(command: commands.MakeInvite, me: Member, state: RoomState) -> Writing:
    if not me.is_here:
        raise refusal(Act.LEAVE, me.stage, own=True)
    mine = [one for one in state.invites.values() if one.by == me.id]
    live = [one for one in mine if not (one.revoked or one.is_used_up)]
    if len(live) >= LIVE_INVITES_MAX or len(mine) >= INVITES_MAX:
        raise UserError("too_many_invites", "You have made too many invites.", "Use an old one.")
    return Writing(kinds.Invite, (command.key, command.uses, command.expires_s))


def _uninvite(command: commands.Uninvite, me: Member, state: RoomState) -> Writing:
    invite = state.invites.get(command.invite)
    if invite is None:
        raise UserError("no_such_invite", "There is no such invite.")
    if invite.by == me.id and me.is_here:
        return Writing(kinds.Uninvite, (invite.id,))
    _junior(invite.by, me, state)
    return _powerful(me, kinds.Uninvite, invite.id)


def _require(act: Act, member: Member) -> None:
    if (member.stage, act) not in NEXT:
        raise refusal(act, member.stage, own=False)


def free_slot(state: RoomState, last_slot: int) -> int:
    """Choose a slot for a new speaker.

    Raises:
        UserError: The stage is full.
    """
    used = {member.slot for member in state.members.values() if member.slot is not None}
    if len(used) >= STAGE_MAX:
        raise UserError("stage_full", "The stage is full.", "Move somebody down first.")
    everyone = range(kinds.FIRST_SLOT, kinds.LAST_SLOT + 1)
    return min((slot for slot in everyone if slot not in used), key=lambda s: (s <= last_slot, s))
