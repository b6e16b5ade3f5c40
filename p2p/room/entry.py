"""Who is let in by a member whose door somebody knocks at."""

from p2p.errors import RemoteError
from p2p.room.kinds import Join
from p2p.room.ops import verify_join
from p2p.room.opset import MEMBERS_MAX, OpSet
from p2p.room.roster import RoomState
from p2p.room.stage import Stage


def refusal(join: bytes, dh: bytes, ops: OpSet, state: RoomState) -> str | None:
    """Tell why somebody is not let in.

    Args:
        join: Its join operation, hostile bytes.
        dh: The X25519 key that the handshake has proven.
        ops: What we hold.
        state: The room now.

    Returns:
        None if it may come in (then ``Room.receive`` the join), else the reason for
        ``wire.messages.Refuse``: bad_join, removed, left, locked, full. Whoever is in the roster
        already comes back with the same join, locked or not.
    """
    try:
        op = ops.read(join)
        if not isinstance(op.body, Join) or op.body.dh != dh:
            return "bad_join"
        verify_join(op, op.body)
    except RemoteError:
        return "bad_join"
    if op.author in state.removed:
        return "removed"
    known = state.members.get(op.author)
    if known is not None:
        return "left" if known.stage is Stage.LEFT else None
    if state.locked:
        return "locked"
    return "full" if len(state.members) >= MEMBERS_MAX else None
