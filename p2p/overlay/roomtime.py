"""Room time: seconds since the room was made, carried in ADMIT, then our own monotonic clock.

No wall clock is involved, so a wrong one harms nobody. Against slow drift of two clocks each
neighbour's word pulls gently; a jump is only accepted when we come (back) into the room.
"""

PULL = 0.1
TRUST_S = 2.0


class RoomTime:
    """Maps monotonic seconds to room seconds.

    Args:
        now: Monotonic seconds at this moment.
        room_s: Room time at this moment; 0 for the room's maker.
    """

    def __init__(self, now: float, room_s: float = 0.0) -> None:
        self._offset_s = room_s - now

    def at(self, now: float) -> float:
        """Room time in seconds, never negative."""
        return max(0.0, self._offset_s + now)

    def hear(self, room_s: float, now: float) -> None:
        """A neighbour's room time: drawn towards it by a tenth if it is within two seconds."""
        error_s = room_s - self.at(now)
        if abs(error_s) <= TRUST_S:
            self._offset_s += PULL * error_s

    def slept(self, slept_s: float) -> None:
        """The machine slept so long while our monotonic clock stood still."""
        self._offset_s += max(0.0, slept_s)

    def readmitted(self, room_s: float, now: float) -> None:
        """We were away, maybe suspended: the room's time only ever moves forward."""
        self._offset_s = max(self._offset_s, room_s - now)
