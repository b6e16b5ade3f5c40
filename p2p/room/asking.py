"""Who waits at a door until a moderator says yes or no."""

import functools
from collections.abc import Collection

from p2p.errors import RemoteError
from p2p.room.ids import MemberId
from p2p.room.kinds import Ask, Join
from p2p.room.names import DisplayName
from p2p.room.ops import Op, decode_op, verify_join
from p2p.room.registers import Registers
from p2p.room.roster import Asking


@functools.lru_cache(maxsize=1024)
def newcomer_of(ask: Op) -> tuple[MemberId, str] | None:
    """Give id and name of the member whose join an ``Ask`` holds; None if it is no good join."""
    if not isinstance(ask.body, Ask):
        return None
    try:
        op = decode_op(ask.body.join, ask.body.room)
        if not isinstance(op.body, Join):
            return None
        verify_join(op, op.body)
    except RemoteError:
        return None
    return op.author, op.body.name


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
    for ask in sorted(registers.all("ask"), key=lambda op: op.id):
        newcomer = newcomer_of(ask) if ask.author in doors else None
        if newcomer is not None and newcomer[0] not in decided:
            member, name = newcomer
            entry = Asking(member, DisplayName.clean(name, member), ask.author)
            waiting.setdefault(member, entry)
    return tuple(waiting[member] for member in sorted(waiting))
