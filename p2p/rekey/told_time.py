"""Room time that our door told us, until a moderator has said the same. Sans-IO.

Members tell each other the time (``Near``). A door that is off by less than two steps is not found
out by keys: frames open one step ahead and behind, at times. So a moderator's word decides, if it
is not the door itself. Several plain members could be names of one.

A word that was long on its way seems to be behind us. So one that is ahead of us counts at once,
and of two that are behind us the one that is less so. It ends with one that agrees.
"""

from crypto.ids import MemberId
from p2p.rekey.room_time import TRUST_S

APART_S = 2.0
OFF_MAX_S = 20.0
"""Two steps. Whose time is off by more opens nothing and asks for keys: see ``time_witnesses``."""


class ToldTime:
    """What moderators have said of one newcomer's time.

    Args:
        door: Who told it to us: its word does not count again; None: nobody did.
    """

    def __init__(self, door: MemberId | None) -> None:
        self._door = door
        self._is_sure = door is None
        self._behind: tuple[float, float] | None = None

    def tell(
        self, member: MemberId, ahead_s: float, now: float, *, moderates: bool
    ) -> float | None:
        """A member says what time it is.

        Args:
            member: Who.
            ahead_s: Its time, as much ahead of ours.
            now: Monotonic seconds.
            moderates: Whether it may run the room.

        Returns:
            By how many seconds ours is to be put forward; None: it stays.
        """
        if self._is_sure or member == self._door or not moderates or abs(ahead_s) > OFF_MAX_S:
            return None
        before, self._behind = self._behind, None
        if abs(ahead_s) <= TRUST_S:
            self._is_sure = True
            return None
        if ahead_s > 0:
            return ahead_s
        least_s, since_s = before or (ahead_s, now)
        if now - since_s >= APART_S:
            return max(least_s, ahead_s)
        self._behind = max(least_s, ahead_s), since_s
        return None
