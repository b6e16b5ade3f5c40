"""When the data channel repeats, and when its peer is deaf. Sans-IO."""

ASK_AFTER_S = 1.5
"""After so long without an answer the peer is asked for one, again and again."""
ASK_EVERY_S = 0.2
DEAF_AFTER_S = 1.5
DEAF_ASKS = 6
"""A peer that answers none of so many questions is deaf; loss alone does that once in a year."""
LONG_LINE_S = 0.15
TWICE_CHUNKS_MAX = 8
"""Of more the loss shows by what comes after it."""
REPEAT_MIN_S = 0.25
REPEAT_MAX_S = 2.0


class Pace:
    """Of one channel.

    Args:
        rtt_s: Round trip, if it was measured before.
        now: Monotonic seconds.
    """

    def __init__(self, rtt_s: float | None, now: float) -> None:
        self._rtt_s = rtt_s or 0.0
        self._deviation_s = self._rtt_s / 8.0
        self._heard_s = now
        self._asks: list[float] = []
        self._sent: set[int] = set()

    @property
    def is_long(self) -> bool:
        """Whether a message that is lost costs more than one that goes twice."""
        return self._rtt_s > LONG_LINE_S

    @property
    def repeat_s(self) -> float:
        """How long a message waits for its acknowledgement before it goes again."""
        estimate_s = max(self._rtt_s + 4.0 * self._deviation_s, REPEAT_MIN_S)
        return min(estimate_s, self.longest_s)

    @property
    def longest_s(self) -> float:
        """How long at most after several losses."""
        return max(REPEAT_MAX_S, 2.0 * self._rtt_s)

    def measured(self, rtt_s: float) -> None:
        """A message was acknowledged after so long (RFC 9260 §6.3.1)."""
        if not self._rtt_s:
            self._rtt_s, self._deviation_s = rtt_s, rtt_s / 8.0
        self._deviation_s += (abs(self._rtt_s - rtt_s) - self._deviation_s) / 4.0
        self._rtt_s += (rtt_s - self._rtt_s) / 8.0

    def again(self, waiting: list[int]) -> list[int]:
        """Which pieces go a second time at once.

        Args:
            waiting: Numbers of those that are sent and not acknowledged.
        """
        once = [number for number in waiting if number not in self._sent]
        self._sent = set(waiting)
        return once if len(once) <= TWICE_CHUNKS_MAX else []

    def heard(self, now: float) -> None:
        """The peer has answered something of ours."""
        self._heard_s = now
        self._asks.clear()

    def asks(self, now: float) -> bool:
        """Whether the peer is to be asked for a sign of life now; it counts as asked."""
        quiet = now - self._heard_s >= ASK_AFTER_S
        if not quiet or (self._asks and now - self._asks[-1] < ASK_EVERY_S):
            return False
        self._asks.append(now)
        return True

    def is_deaf(self, now: float) -> bool:
        """Whether the peer was asked so often that loss alone is no reason."""
        if len(self._asks) < DEAF_ASKS:
            return False
        return now - self._asks[0] >= DEAF_AFTER_S + 2.0 * self._rtt_s
