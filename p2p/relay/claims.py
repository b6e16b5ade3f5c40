"""Which rooms of a relay are real: somebody has sat down in them with a good pass. Sans-IO.

Anybody can invent a room and say it to a relay. So a room that was only said is forgotten after a
few seconds, a link may say one at a time, and such rooms take nobody's place. An inventor can also
invent members and seat them; so of the rooms whose first member came from one net there are only
so many.
"""

from collections.abc import Callable

from crypto.ids import RoomId
from p2p.relay.limits import Limits

PASS_WITHIN_S = 5.0


class Claims:
    """The rooms of one relay, said and real.

    Args:
        limits: Asked whenever it matters: they may change.
    """

    def __init__(self, limits: Callable[[], Limits]) -> None:
        self._limits = limits
        self._said: dict[RoomId, tuple[int, float]] = {}  # room id -> link, since when
        self._real: dict[RoomId, bytes | None] = {}  # room id -> net of its first member

    def say(self, room: RoomId, link: int, net: bytes | None, now: float) -> bool:
        """A link speaks of a room that is not known here.

        Args:
            room: Room id.
            link: Who says so.
            net: Where the link comes from; None: nothing is counted there.
            now: Monotonic seconds.

        Returns:
            Whether it is noted: the link waits with no other room, and there is a place.
        """
        if any(one == link for one, _ in self._said.values()) or not self._has_place(net):
            return False
        self._said[room] = link, now
        return True

    def seat(self, room: RoomId, net: bytes | None) -> bool:
        """Somebody from a net has shown a good pass; False: the relay has no place for the room."""
        if room not in self._real:
            if not self._has_place(net):
                return False
            self._said.pop(room, None)
            self._real[room] = net
        return True

    def is_real(self, room: RoomId) -> bool:
        """Whether somebody has sat down in it."""
        return room in self._real

    def late(self, now: float) -> list[RoomId]:
        """Rooms in which nobody has sat down in time."""
        return [r for r, (_, at_s) in self._said.items() if now - at_s > PASS_WITHIN_S]

    def said_by(self, link: int) -> list[RoomId]:
        """The room that a link has said and in which nobody has sat down."""
        return [room for room, (one, _) in self._said.items() if one == link]

    def forget(self, room: RoomId) -> None:
        """The room is over."""
        self._said.pop(room, None)
        self._real.pop(room, None)

    def _has_place(self, net: bytes | None) -> bool:
        limits = self._limits()
        if len(self._real) >= limits.max_rooms:
            return False
        same = sum(each == net for each in self._real.values())
        return net is None or same < limits.max_rooms_per_net
