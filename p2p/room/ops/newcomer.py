"""The join of a newcomer, which travels inside what others say of it."""

import functools
from collections import defaultdict
from collections.abc import Iterable

from p2p.errors import RemoteError
from p2p.room.ops.ids import MemberId
from p2p.room.ops.kinds import Admit, Join
from p2p.room.ops.op import Op, decode_op, verify_join

JOINS_MAX = 32768
"""Joins that are remembered as read and checked: more than a set can hold, for each look at the set
goes through all of them, and one that is too many would have every signature checked anew."""


@functools.lru_cache(maxsize=JOINS_MAX)
def join_in(data: bytes, room_id: bytes) -> Op | None:
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


def introduced(host: MemberId, doors: Iterable[tuple[MemberId, MemberId]]) -> frozenset[MemberId]:
    """Follow admissions from the host down, counting or not.

    Args:
        host: Member id of the host.
        doors: Door and newcomer of each admission.

    Returns:
        Everybody whose signature can be checked by them.
    """
    newcomers: dict[MemberId, list[MemberId]] = defaultdict(list)
    for door, newcomer in doors:
        newcomers[door].append(newcomer)
    found: set[MemberId] = set()
    waiting = [host]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += newcomers.get(one, ())
    return frozenset(found)
