"""Who waits at a door until a moderator says yes or no."""

from collections.abc import Collection

from crypto.ids import MemberId
from p2p.room.ops.kinds import Ask, Join
from p2p.room.ops.newcomer import join_in
from p2p.room.ops.registers import Registers
from p2p.room.state.model import Asking
from p2p.room.text.names import DisplayName


def asking(
    registers: Registers, doors: Collection[MemberId], decided: Collection[MemberId]
) -> tuple[Asking, ...]:
    """List those who wait.

    Args:
        registers: The set.
        doors: Members who are here.
        decided: Newcomers who are in, out, or were answered.

    Returns:
        One entry for each newcomer, by id.
    """
    waiting: dict[MemberId, Asking] = {}
    for ask, body in registers.all("ask", Ask):
        join = join_in(body.join, body.room) if ask.author in doors else None
        if join is not None and join.author not in decided and isinstance(join.body, Join):
            member = join.author
            name = DisplayName.clean(join.body.name, member)
            waiting.setdefault(member, Asking(member, name, ask.author))
    return tuple(waiting[member] for member in sorted(waiting))
