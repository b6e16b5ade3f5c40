"""Room time that our door told us, until others have said the same. Sans-IO.

Members tell each other the time (``Near``). A door that is off by less than a step is not found out
by keys: frames open one step ahead and behind, at times. So what others say decides, once: whom a
moderator or two others agree with is right, and who is told otherwise by as many takes theirs.
"""

from collections.abc import Callable

from crypto.ids import MemberId
from p2p.rekey.room_time import TRUST_S
from p2p.rekey.time_witnesses import HEARD_MAX, WITNESSES

FRESH_S = 20.0
OFF_MAX_S = 86_400.0


class ToldTime:
    """What members have said of one newcomer's time.

    Args:
        door: Who told it to us: its word does not count again; None: nobody did.
    """

    def __init__(self, door: MemberId | None) -> None:
        self._door = door
        self._is_sure = door is None
        self._said: dict[MemberId, tuple[float, float]] = {}

    def tell(
        self, member: MemberId, ahead_s: float, is_moderator: Callable[[MemberId], bool], now: float
    ) -> float | None:
        """A member says what time it is.

        Args:
            member: Who.
            ahead_s: Its time, as much ahead of ours.
            is_moderator: Of whom one is enough.
            now: Monotonic seconds.

        Returns:
            By how many seconds ours is to be put forward; None: it stays.
        """
        if self._is_sure or member == self._door or abs(ahead_s) > OFF_MAX_S:
            return None
        self._said.pop(member, None)
        self._said[member] = (ahead_s, now)
        if len(self._said) > HEARD_MAX:
            del self._said[next(iter(self._said))]
        fresh = {m: said for m, (said, at_s) in self._said.items() if now - at_s <= FRESH_S}
        alike = [m for m, said in fresh.items() if abs(said - ahead_s) <= TRUST_S]
        with_us = [m for m, said in fresh.items() if abs(said) <= TRUST_S]
        if not (len(alike) >= WITNESSES or any(map(is_moderator, alike))):
            return None
        if abs(ahead_s) <= TRUST_S:
            self._is_sure = True
        elif len(alike) > len(with_us):
            self._is_sure = True
            return ahead_s
        return None
