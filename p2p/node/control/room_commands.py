"""From what a front end asks, members by number, to what the room does, members by id."""

from collections.abc import Callable

from crypto.ids import MemberId
from p2p.api import commands
from p2p.errors import UserError
from p2p.node.member_numbers import MemberNumbers
from p2p.room import commands as room
from p2p.room.ops.kinds import PROFILES
from p2p.room.ops.powers import CO_HOST, HELPER, HOST, MODERATOR, NOBODY
from p2p.room.stage import Stage
from p2p.room.state.model import Member, RoomState

_TOWARDS: dict[type[commands.Command], Callable[[MemberId], room.Command]] = {
    commands.AcceptHand: room.Accept,
    commands.Mute: room.Mute,
    commands.MoveDown: room.MoveDown,
}


def room_command(
    command: commands.Command, numbers: MemberNumbers, me: Member
) -> room.Command | None:
    """Translates a command.

    Args:
        command: With members by number.
        numbers: Their numbers.
        me: Whoever asks.

    Returns:
        The room's command; None if the room has nothing to do with it.

    Raises:
        UserError: It names a member that is not there.
    """
    match command:
        case commands.SetLock(locked=locked):
            return room.SetLock(locked)
        case commands.SetEntry(mode=mode):
            return room.SetEntry(mode)
        case commands.SetProfile(profile=profile):
            return room.SetProfile(PROFILES.index(profile))
        case commands.Remove(n=n, branch=branch):
            return room.Remove(member_named(n, numbers), branch)
        case commands.Let(n=n, on=on):
            return room.Let(member_named(n, numbers), on)
        case commands.Promote(n=n, role=role):
            return room.Promote(member_named(n, numbers), _rank(role, me))
        case commands.HandOn(n=n):
            # The host's place is not to be given; others give their own.
            return room.Promote(member_named(n, numbers), max(CO_HOST, me.rank))
    towards = _TOWARDS.get(type(command))
    if towards is None:
        return None
    return towards(member_named(getattr(command, "n", 0), numbers))


def all_mutes(state: RoomState, me: Member) -> list[room.Mute]:
    """Mutes of everybody on stage whom we may mute, and have not.

    Raises:
        UserError: There is nobody.
    """
    speakers = [one for one in state.members.values() if one.stage is Stage.SPEAKING]
    juniors = [one.id for one in speakers if me.rank <= HELPER and me.rank < one.rank]
    if not juniors:
        raise UserError(
            "nobody_to_mute",
            "There is nobody on stage whom you can mute.",
            "Moderators mute whoever has fewer powers than they have.",
            exit_code=2,
        )
    return [room.Mute(one) for one in juniors]


def member_named(n: int, numbers: MemberNumbers) -> MemberId:
    """The id of the member with this number; raises UserError if there is none."""
    member = numbers.member(n)
    if member is None:
        raise UserError("no_member", "There is no such member.", "See `who`.", exit_code=2)
    return member


def wants_new_key(command: commands.Command, *, had_powers: bool) -> bool:
    """Tell whether the key goes with the member that ``command`` puts out.

    Args:
        command: What was done.
        had_powers: The member had some; then it always does.
    """
    return isinstance(command, commands.Remove) and (command.new_key or had_powers)


def _rank(role: commands.RankName, me: Member) -> int:
    """A moderator that a moderator names can do less; rank says so."""
    ranks = {"co-host": CO_HOST, "moderator": max(MODERATOR, _below(me)), "speaker": NOBODY}
    return ranks[role]


def _below(me: Member) -> int:
    """The highest rank that we can give."""
    return min(HELPER, max(me.rank, HOST) + 1)
