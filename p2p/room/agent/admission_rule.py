"""Who is let in by a member whose door somebody knocks at."""

from crypto.ids import DhKey
from p2p.errors import RemoteError
from p2p.room.ops.kinds import Join
from p2p.room.ops.op import Op, verify_join
from p2p.room.stage import Stage
from p2p.room.state.invites import proves
from p2p.room.state.model import RoomState
from p2p.room.store.opset import MEMBERS_MAX, OpSet


def refusal(join: bytes, dh: DhKey, ops: OpSet, state: RoomState, room_s: float) -> str | None:
    """Tell why somebody is not let in.

    Args:
        join: Its join operation, hostile bytes.
        dh: The X25519 key that the handshake has proven.
        ops: What we hold.
        state: The room now.
        room_s: Room time, by which invites expire.

    Returns:
        None if it may come in (then ``Room.receive`` the join), else the reason for
        ``wire.messages.Refuse``: bad_join, removed, left, locked, full; ask if a moderator has to
        be asked, denied if one said no; invited if it needs an invite, used_up or expired if the
        one that it brings is. Whoever is in the roster already comes back with the same join,
        and for whom a moderator vouches comes in, however shut the room is.
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
    if ops.has_forgotten(op.author):
        return "left"
    return _shut(op, op.body, state, room_s) or _full(ops)


def _full(ops: OpSet) -> str | None:
    return "full" if ops.members() >= MEMBERS_MAX else None


def _shut(op: Op, join: Join, state: RoomState, room_s: float) -> str | None:
    """Tell what keeps a newcomer out of the room as it is now."""
    if op.author in state.awaited and state.let.get(op.author, True):
        return None
    if state.locked:
        return "locked"
    if state.entry == "open":
        return None
    answer = state.let.get(op.author)
    if answer is not None:
        return None if answer else "denied"
    invite = state.invites.get(join.invite)
    problem: str | None = None
    if invite is None or invite.revoked or not proves(op, join.proof, invite.key):
        problem = "invited"
    elif invite.is_used_up:
        problem = "used_up"
    elif 0 < invite.expires_s <= room_s:
        problem = "expired"
    return "ask" if problem is not None and state.entry == "ask" else problem
