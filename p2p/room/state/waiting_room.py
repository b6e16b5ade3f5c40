"""Who waits at a door until a moderator says yes or no."""

from collections.abc import Callable

from crypto.ids import MemberId
from p2p.room.ops.kinds import Ask, Join
from p2p.room.ops.newcomer import join_in
from p2p.room.ops.registers import Registers
from p2p.room.state.model import Asking
from p2p.room.text.names import DisplayName


def asking(
    registers: Registers,
    is_here: Callable[[MemberId], bool],
    is_decided: Callable[[MemberId], bool],
) -> tuple[Asking, ...]:
    """List those who wait.

    Args:
        registers: The set.
        is_here: Tells whether a member is.
        is_decided: Tells whether a newcomer is in, out, or was answered.

    Returns:
        One entry for each newcomer, by id.
    """
    waiting: dict[MemberId, Asking] = {}
    for ask, body in registers.all("ask", Ask):
        join = join_in(body.join, body.room) if is_here(ask.author) else None
        if join is not None and not is_decided(join.author) and isinstance(join.body, Join):
            member = join.author
            name = DisplayName.clean(join.body.name, member)
            waiting.setdefault(member, Asking(member, name, ask.author))
    return tuple(waiting[member] for member in sorted(waiting))
