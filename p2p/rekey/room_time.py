"""Room time: seconds since the room was made, carried in ADMIT, then our own monotonic clock.

Against slow drift of two clocks each neighbour's word pulls gently, and all of them together no
further than clocks drift: keys are hashed forward with room time and never back, so whoever could
push us ahead would make us deaf and mute for good. For the same reason a jump is accepted only
when we come into the room, or for time that our own clocks show we have missed.
"""

from crypto.head import STEP_S

PULL = 0.1
TRUST_S = 2.0
REACH_S = 1.0
DRIFT = 1e-4
"""How far neighbours may move us off our own clock: at once, and for each second that passes."""
MISSED_MAX_S = 7 * 86_400.0


class RoomTime:
    """Maps monotonic seconds to room seconds.

    Args:
        now: Monotonic seconds at this moment.
        room_s: Room time at this moment; 0 for the room's maker.
    """

    def __init__(self, now: float, room_s: float = 0.0) -> None:
        self._offset_s = self._own_s = room_s - now
        self._since_s = now
        self._loose = False

    def at(self, now: float) -> float:
        """Room time in seconds, never negative."""
        return max(0.0, self._offset_s + now)

    def hear(self, room_s: float, now: float) -> None:
        """A neighbour's room time: drawn towards it by a tenth if it is within two seconds.

        Right after ``correct`` it is taken as it is, up to a step away.
        """
        error_s = room_s - self.at(now)
        if self._loose and abs(error_s) <= STEP_S:
            self._forward(error_s)
            self._loose = False
            return
        if abs(error_s) <= TRUST_S:
            reach_s = REACH_S + DRIFT * max(0.0, now - self._since_s)
            drawn_s = self._offset_s + PULL * error_s
            self._offset_s = min(max(drawn_s, self._own_s - reach_s), self._own_s + reach_s)

    def correct(self, room_s: float, now: float) -> None:
        """Our door told us a wrong time; it is this, by some seconds."""
        self._forward(room_s - self.at(now))
        self._loose = True

    def put_forward(self, by_s: float) -> None:
        """Our door told us a wrong time, and others by how much."""
        self._forward(by_s)

    def slept(self, slept_s: float) -> None:
        """The machine slept so long while our monotonic clock stood still."""
        self._forward(max(0.0, slept_s))

    def readmitted(self, room_s: float, now: float, missed_s: float) -> None:
        """We were away, maybe paused without our clock's noticing.

        Args:
            room_s: Room time as a member has it.
            now: Monotonic seconds.
            missed_s: Seconds that another clock of ours has counted and room time has not: what
                is beyond them is not believed.
        """
        ahead_s = room_s - self.at(now)
        if ahead_s <= TRUST_S:
            self.hear(room_s, now)
        elif ahead_s <= min(missed_s, MISSED_MAX_S) + TRUST_S:
            self._forward(ahead_s)

    def _forward(self, by_s: float) -> None:
        self._offset_s += by_s
        self._own_s += by_s
