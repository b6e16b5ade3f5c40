"""What others say of the time, when ours may be wrong: who answers for keys names a step. Sans-IO.

One witness is not enough, since a single neighbour could lie, unless it is a moderator: who may
remove us could do worse. Several have to say the same, and more of them than say that we are right.
"""

from collections.abc import Callable

from crypto.ids import MemberId

WITNESSES = 2
FRESH_S = 10.0
HEARD_MAX = 16
OFF_STEPS_MAX = 8640
"""A day. Who is told more has to come in again."""


class TimeWitnesses:
    """By how many steps members' time is ahead of ours, the newest word of each.

    It is ahead by as many when our machine has slept since, and our clock was put forward by that.
    """

    def __init__(self) -> None:
        self._said: dict[MemberId, tuple[int, float]] = {}

    def tell(self, member: MemberId, ahead: int, now: float) -> None:
        """A member says what step it is, so many ahead of ours."""
        self._said.pop(member, None)
        self._said[member] = (ahead, now)
        if len(self._said) > HEARD_MAX:
            del self._said[next(iter(self._said))]

    def verdict(self, is_moderator: Callable[[MemberId], bool], now: float) -> int | None:
        """Say how many steps the room is ahead of us, if more than one; None: nobody knows.

        Args:
            is_moderator: Of whom one is enough.
            now: Monotonic seconds.
        """
        fresh = {m: ahead for m, (ahead, at_s) in self._said.items() if now - at_s <= FRESH_S}
        with_us = sum(abs(ahead) <= 1 for ahead in fresh.values())
        others = {ahead for ahead in fresh.values() if 1 < abs(ahead) <= OFF_STEPS_MAX}
        for ahead in sorted(others):
            alike = [m for m, said in fresh.items() if abs(said - ahead) <= 1]
            enough = len(alike) >= WITNESSES or any(is_moderator(m) for m in alike)
            if enough and len(alike) > with_us:
                return ahead
        return None
