"""Token buckets: how much of something a peer may do."""


class TokenBucket:
    """``rate_hz`` per second on average, ``burst`` at once.

    Args:
        rate_hz: Tokens that come back each second.
        burst: Most tokens it holds; it begins full.
        now: Monotonic seconds.
    """

    __slots__ = ("_at_s", "_burst", "_rate_hz", "_tokens")

    def __init__(self, rate_hz: float, burst: float, now: float) -> None:
        self._rate_hz, self._burst, self._tokens, self._at_s = rate_hz, burst, burst, now

    def take(self, now: float, count: float = 1.0) -> bool:
        """Whether ``count`` tokens were there; if so they are gone now."""
        self._tokens = min(self._burst, self._tokens + (now - self._at_s) * self._rate_hz)
        self._at_s = now
        if self._tokens < count:
            return False
        self._tokens -= count
        return True
