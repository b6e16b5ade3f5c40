"""Who came in through somebody, and goes with it if its whole branch is to go."""

from crypto.ids import MemberId
from p2p.room.ops.powers import NOBODY
from p2p.room.state.model import Member, RoomState


def branch_of(target: MemberId, state: RoomState) -> list[Member]:
    """Give those here who came in by nobody but a member, or those whom it brought in, and so on.

    By its invites, or by doors that are all of them. Whoever has a rank stands by itself.

    Args:
        target: Who would be removed.
        state: The room before.
    """
    found = {target}
    young = [one for one in state.members.values() if one.is_here and one.rank == NOBODY]
    gone: list[Member] = []
    grown = True
    while grown:
        more = [one for one in young if one.id not in found and _came_by(one, found)]
        found |= {one.id for one in more}
        gone += more
        grown = bool(more)
    return gone


def _came_by(member: Member, some: set[MemberId]) -> bool:
    doors = bool(member.doors) and some.issuperset(member.doors)
    return doors or member.invited_by in some
