"""Which operations relays get as they are, since they judge by them; which came, and which went."""

from collections import OrderedDict, deque
from collections.abc import Iterable

from crypto.ids import OpId
from p2p.room.ops.ids import op_id
from p2p.room.room import Room

REMEMBERED_MAX = 4096
SAID_AGAIN_S = 20.0
"""Operations as new as this are said again through another relay, or again through the same: what
went into a link that was cut, or was said while there was none, nobody has."""
SAID_AGAIN_MAX = 256


class FloorOps:
    """Remembers what it was asked: each answer costs a decoded operation.

    Args:
        room: What the members agree on.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._by_relay: OrderedDict[OpId, None] = OrderedDict()
        self._floor: dict[OpId, bool] = {}
        self._said: deque[tuple[float, bytes]] = deque(maxlen=SAID_AGAIN_MAX)

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

    def note_to_relay(self, ops: Iterable[bytes], now: float) -> None:
        """These go to the relays now, if we have one."""
        self._said += [(now, op) for op in ops]

    def said_since(self, since_s: float) -> list[bytes]:
        """Those that went, or were to go, from then on."""
        return [op for said_s, op in self._said if said_s >= since_s]
