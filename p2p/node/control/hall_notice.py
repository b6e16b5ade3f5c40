"""When a room has grown large, whoever runs it is told of the sound for large rooms; once."""

from p2p.api.events import Notice
from p2p.mesh.mesh import Mesh
from p2p.room.ops.kinds import PROFILES
from p2p.room.ops.powers import MODERATOR
from p2p.room.room import Room

HALL_ABOVE = 50
PROPOSE_HALL = Notice("propose_hall")


def hall_is_due(room: Room, mesh: Mesh) -> bool:
    """Whether we run the room, nobody senior is here, and it has become large with small sound."""
    state, rank = room.state, room.myself.rank
    if PROFILES[state.profile] != "table" or rank > MODERATOR or len(mesh.here) < HALL_ABOVE:
        return False
    ranked = (state.members[one] for one in state.ranked if one in mesh.here)
    return all(one.rank >= rank for one in ranked)
