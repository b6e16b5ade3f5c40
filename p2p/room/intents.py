"""From what a person wants to the operation that says it, if the member's place allows it."""

from p2p.errors import UserError
from p2p.room import commands, kinds
from p2p.room.ids import NONE
from p2p.room.refusals import refusal
from p2p.room.roster import Member, RoomState
from p2p.room.stage import GONE, NEXT, Act, Stage

STAGE_MAX = 16
"""Members on stage or invited at once, the host included."""

Writing = tuple[type[kinds.Body], tuple[object, ...]]
"""A kind of operation, and its own fields."""

_OWN: dict[type, tuple[Act, type[kinds.Body]]] = {
    commands.RaiseHand: (Act.RAISE, kinds.Hand),
    commands.LowerHand: (Act.LOWER, kinds.Hand),
    commands.TakeFloor: (Act.TAKE, kinds.Take),
    commands.Decline: (Act.DECLINE, kinds.Decline),
    commands.GoToAudience: (Act.AUDIENCE, kinds.Audience),
    commands.Leave: (Act.LEAVE, kinds.Leave),
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
    if isinstance(command, commands.OwnCommand):
        return _own(command, me)
    if not me.is_host or me.stage in GONE:
        raise UserError("not_host", "Only the host can do that.")
    if isinstance(command, commands.SetLock):
        if command.on == state.locked:
            now = "locked" if command.on else "open"
            raise UserError(f"{now}_already", f"The room is {now} already.")
        return kinds.Lock, (command.on,)
    if isinstance(command, commands.SetTopic):
        return kinds.Topic, (command.text[: kinds.TOPIC_CHARS_MAX],)
    return _towards(command, state, last_slot)


def _own(command: commands.OwnCommand, me: Member) -> Writing | None:
    act, kind = _OWN[type(command)]
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
    return kind, fields.get(act, ())


def _towards(command: commands.TowardsCommand, state: RoomState, last_slot: int) -> Writing:
    """Translate what the host does to a member."""
    if command.member not in state.members:
        raise UserError("no_such_member", "There is no such member.")
    member = state.members[command.member]
    if isinstance(command, commands.Accept):
        if member.stage is Stage.MUTED:
            return kinds.Mute, (member.id, False)
        _require(Act.ACCEPT, member)
        return kinds.Grant, (_free_slot(state, last_slot), member.id, member.wish)
    if isinstance(command, commands.Mute):
        _require(Act.MUTE, member)
        return kinds.Mute, (member.id, True)
    if isinstance(command, commands.MoveDown):
        _require(Act.DOWN, member)
        return kinds.Down, (member.id, member.wish, False)
    _require(Act.REMOVE, member)
    last = member.wish if member.wish != NONE else member.join
    return kinds.Remove, (member.id, member.join, last)


def _require(act: Act, member: Member) -> None:
    if (member.stage, act) not in NEXT:
        raise refusal(act, member.stage, own=False)


def _free_slot(state: RoomState, last_slot: int) -> int:
    used = {member.slot for member in state.members.values() if member.slot is not None}
    if len(used) >= STAGE_MAX:
        raise UserError("stage_full", "The stage is full.", "Move somebody down first.")
    everyone = range(kinds.FIRST_SLOT, kinds.LAST_SLOT + 1)
    return min((slot for slot in everyone if slot not in used), key=lambda s: (s <= last_slot, s))
