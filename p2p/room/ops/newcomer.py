"""The join of a newcomer, which travels inside what others say of it."""

import functools
from collections import defaultdict, deque
from collections.abc import Iterable

from crypto.ids import MemberId, OpId, RoomId
from p2p.errors import RemoteError
from p2p.room.ops.ids import NONE
from p2p.room.ops.kinds import Admit, Join
from p2p.room.ops.op import Op, decode_op, verify_join

JOINS_MAX = 131072
"""Joins that are remembered as read and checked: more than a set can hold, for each look at the set
goes through all of them, and one that is too many would have every signature checked anew."""


@functools.lru_cache(maxsize=JOINS_MAX)
def join_in(data: bytes, room_id: RoomId) -> Op | None:
    """Read a join that somebody carries.

    Args:
        data: Hostile bytes.
        room_id: The room we are in, 32 bytes.

    Returns:
        A join of this room, signed by the keys that it names; None if the bytes are no such.
    """
    try:
        op = decode_op(data, room_id)
        if not isinstance(op.body, Join):
            return None
        verify_join(op, op.body)
    except RemoteError:
        return None
    return op


def admitted_by(op: Op) -> Op | None:
    """Give the join that an ``Admit`` carries; None if it lets in nobody: itself, or nonsense."""
    if not isinstance(op.body, Admit):
        return None
    join = join_in(op.body.join, op.body.room)
    return join if join is not None and join.author != op.author else None


def let_in(op: Op, host: MemberId) -> Op | None:
    """Give the join that an ``Admit`` carries; None as above, or if it is the host's."""
    join = admitted_by(op)
    return join if join is not None and join.author != host else None


def introductions(host: MemberId, admits: Iterable[tuple[Op, MemberId]]) -> dict[MemberId, OpId]:
    """Follow admissions from the host down, counting or not.

    Args:
        host: Member id of the host.
        admits: Admissions, each with whom it lets in.

    Returns:
        Everybody whose signature can be checked by them, and the admission that shows it in the
        fewest steps, of several of the same door that of the lowest id; zeros for the host.
    """
    by_door: dict[MemberId, list[tuple[OpId, MemberId]]] = defaultdict(list)
    for op, newcomer in admits:
        by_door[op.author].append((op.id, newcomer))
    shown = {host: NONE}
    waiting = deque([host])
    while waiting:
        for op_id, newcomer in sorted(by_door.pop(waiting.popleft(), ())):
            if newcomer not in shown:
                shown[newcomer] = op_id
                waiting.append(newcomer)
    return shown
