"""Which operations relays get as they are, since they judge by them, and which came from relays."""

from collections import OrderedDict

from crypto.ids import OpId
from p2p.room.ops.ids import op_id
from p2p.room.room import Room

REMEMBERED_MAX = 4096


class FloorOps:
    """Remembers what it was asked: each answer costs a decoded operation.

    Args:
        room: What the members agree on.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._by_relay: OrderedDict[OpId, None] = OrderedDict()
        self._floor: dict[OpId, bool] = {}

    def all(self) -> list[bytes]:
        """All floor operations that we hold."""
        return [op for op in self._room.ops() if self.is_floor(op)]

    def is_floor(self, op: bytes) -> bool:
        """Whether relays judge by this operation."""
        name = op_id(op)
        known = self._floor.get(name)
        if known is None:
            if len(self._floor) >= 2 * REMEMBERED_MAX:
                self._floor.clear()
            known = self._floor[name] = self._room.is_floor(op)
        return known

    def note_from_relay(self, op: bytes) -> None:
        """This operation came by a relay: it need not go back there."""
        self._by_relay[op_id(op)] = None
        if len(self._by_relay) > REMEMBERED_MAX:
            self._by_relay.popitem(last=False)

    def came_by_relay(self, op: bytes) -> bool:
        """Whether it did."""
        return op_id(op) in self._by_relay
