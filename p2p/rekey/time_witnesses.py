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
    """Steps that members named, the newest of each."""

    def __init__(self) -> None:
        self._said: dict[MemberId, tuple[int, float]] = {}

    def tell(self, member: MemberId, step: int, now: float) -> None:
        """A member says what step it is."""
        self._said.pop(member, None)
        self._said[member] = (step, now)
        if len(self._said) > HEARD_MAX:
            del self._said[next(iter(self._said))]

    def verdict(
        self, ours: int, is_moderator: Callable[[MemberId], bool], now: float
    ) -> int | None:
        """Say which step it is, if it is not ours by more than one; None: nobody knows.

        Args:
            ours: The step that we believe it is.
            is_moderator: Of whom one is enough.
            now: Monotonic seconds.
        """
        fresh = {m: step for m, (step, at_s) in self._said.items() if now - at_s <= FRESH_S}
        with_us = sum(abs(step - ours) <= 1 for step in fresh.values())
        others = {step for step in fresh.values() if 1 < abs(step - ours) <= OFF_STEPS_MAX}
        for step in sorted(others):
            alike = [m for m, said in fresh.items() if abs(said - step) <= 1]
            enough = len(alike) >= WITNESSES or any(is_moderator(m) for m in alike)
            if enough and len(alike) > with_us:
                return step
        return None
