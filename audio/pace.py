"""How many blocks a clock owes: steady work without a device to set the pace."""


class Pace:
    """Counts periods of a clock without drift.

    The schedule is ``start + n * period``, so an uneven caller is late once but never slower.
    After a long stall (suspend, a stopped process) what was missed is skipped, not caught up.

    Args:
        period_s: Length of one period, above 0.
        catch_up_s: Longest delay that is made good; more is skipped.
    """

    def __init__(self, period_s: float, catch_up_s: float = 0.2) -> None:
        self._period_s = period_s
        self._catch_up = max(1, round(catch_up_s / period_s))
        self._start_s: float | None = None
        self._done = 0
        self.skipped = 0

    def restart(self) -> None:
        """Forget the schedule; the next ``due`` begins a new one and owes one period."""
        self._start_s = None
        self._done = 0

    def due(self, now: float) -> int:
        """Take all periods that have come due.

        Args:
            now: Monotonic seconds.

        Returns:
            How many periods to work off now; each is handed out once.
        """
        if self._start_s is None:
            self._start_s = now
        # A sum of floats may end a hair below its own deadline: then the timer fired in vain.
        reached = int((now - self._start_s) / self._period_s + 1e-6) + 1
        owed = max(0, reached - self._done)
        if owed > self._catch_up:
            self.skipped += owed - self._catch_up
            owed = self._catch_up
        self._done = max(reached, self._done)
        return owed

    def next_s(self, now: float) -> float:
        """Monotonic seconds at which the next period comes due; ``now`` before the first."""
        if self._start_s is None:
            return now
        return self._start_s + self._done * self._period_s
