"""Whether it is our line that is narrow, or the relay that says so: another relay is asked.

A relay that holds back its reports looks like a narrow line. Through another relay our sound goes
over the same line: if that is narrow, the other says the same, and if not, we are rid of the first.
"""

AFTER_S = 10.0
AGAIN_S = 60.0
AGAIN_MAX_S = 3600.0


class NarrowDoubt:
    """Of one speaker."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._not_before_s = 0.0
        self._again_s = AGAIN_S

    def is_due(self, now: float, *, narrow: bool) -> bool:
        """Whether another relay is to be asked now; it counts as asked.

        Args:
            now: Monotonic seconds.
            narrow: Whether the relay keeps us in a narrower profile.
        """
        if not narrow:
            self._since_s = None
            return False
        self._since_s = now if self._since_s is None else self._since_s
        if now - self._since_s < AFTER_S or now < self._not_before_s:
            return False
        self._not_before_s = now + self._again_s
        self._again_s = min(AGAIN_MAX_S, 2.0 * self._again_s)
        return True
