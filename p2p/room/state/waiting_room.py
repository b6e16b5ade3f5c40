"""Who waits at a door until a moderator says yes or no."""

import functools
from collections.abc import Collection

from p2p.errors import RemoteError
from p2p.room.ops.ids import MemberId
from p2p.room.ops.kinds import Ask, Join
from p2p.room.ops.op import decode_op, verify_join
from p2p.room.ops.registers import Registers
from p2p.room.state.model import Asking
from p2p.room.text.names import DisplayName


@functools.lru_cache(maxsize=1024)
def newcomer_of(join: bytes, room_id: bytes) -> tuple[MemberId, str] | None:
    """Give id and name of a member by its join; None if the bytes are no good join."""
    try:
        op = decode_op(join, room_id)
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
    for ask, body in registers.all("ask", Ask):
        newcomer = newcomer_of(body.join, body.room) if ask.author in doors else None
        if newcomer is not None and newcomer[0] not in decided:
            member, name = newcomer
            entry = Asking(member, DisplayName.clean(name, member), ask.author)
            waiting.setdefault(member, entry)
    return tuple(waiting[member] for member in sorted(waiting))
