"""A token bucket: how often somebody may do something."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``burst`` at once and ``per_s`` a second in the long run."""

    burst: float
    per_s: float


class Allowance:
    """One bucket, full at first. Time only ever goes forward in it."""

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._left = rate.burst
        self._at = now

    def is_full(self, now: float) -> bool:
        """Tell whether it is as good as new."""
        return self._left + (now - self._at) * self._rate.per_s >= self._rate.burst

    def take(self, now: float, count: float = 1.0) -> bool:
        """Use ``count`` tokens; False, and nothing used, when there are not so many."""
        passed_s = max(0.0, now - self._at)
        self._left = min(self._rate.burst, self._left + passed_s * self._rate.per_s)
        self._at = max(self._at, now)
        if self._left < count:
            return False
        self._left -= count
        return True
