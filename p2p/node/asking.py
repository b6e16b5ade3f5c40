"""From what a front end asks, members by number, to what the room does, members by id."""

from collections.abc import Callable

from p2p import commands
from p2p.errors import UserError
from p2p.node.roll import Roll
from p2p.room import commands as room

_SIMPLE: dict[type[commands.Command], Callable[[], room.Command]] = {
    commands.RaiseHand: room.RaiseHand,
    commands.LowerHand: room.LowerHand,
    commands.Decline: room.Decline,
    commands.GoToAudience: room.GoToAudience,
}

_TOWARDS: dict[type[commands.Command], Callable[[bytes], room.Command]] = {
    commands.AcceptHand: room.Accept,
    commands.Mute: room.Mute,
    commands.MoveDown: room.MoveDown,
    commands.Remove: room.Remove,
}


def room_command(command: commands.Command, roll: Roll) -> room.Command | None:
    """Translates a command.

    Returns:
        The room's command; None if the room has nothing to do with it.

    Raises:
        UserError: It names a member that is not there.
    """
    if isinstance(command, commands.SetLock):
        return room.SetLock(command.locked)
    simple = _SIMPLE.get(type(command))
    if simple is not None:
        return simple()
    towards = _TOWARDS.get(type(command))
    if towards is None:
        return None
    member = roll.member(getattr(command, "n", 0))
    if member is None:
        raise UserError("no_member", "There is no such member.", "See `who`.", exit_code=2)
    return towards(member)
