"""When a peer is asked whether it still wants what we send, and when it no longer does. Sans-IO.

Consent is asked for about every second, and has ended 30 s after the last answer (RFC 7675 §5.1).
Without an answer it is asked for four times a second: owners of links take silence for a broken way
long before consent ends, and one lost datagram is none.
"""

from p2p.rng import Rng

CONSENT_EVERY_S = 1.0
CONSENT_REPEAT_S = 0.25
TOGETHER_S = 0.05
CONSENT_LIMIT_S = 30.0
CONSENT_MIN_UNANSWERED = 5
REPROBE_GUARD_S = 0.05
SILENT_PATH_S = 1.5

_RTT_WEIGHT = 0.25


class ConsentClock:
    """The clock of one connection. Every ``now`` is monotonic seconds.

    Args:
        rng: For the spread of checks.
        now: When it begins.

    Attributes:
        patience: By this factor consent checks are rarer than once a second. The caller of a relay
            waits so only while it hears the relay; the relay always does.
        rtt_s: Smoothed round trip, None before the first.
        unanswered: Checks since the last answer.
        answered_s: When the last answer came, or a way was found.
    """

    def __init__(self, rng: Rng, now: float) -> None:
        self.patience = 1.0
        self.rtt_s: float | None = None
        self.unanswered = 0
        self.answered_s = now
        self._rng = rng
        self._asked_s = 0.0
        self._every_s = CONSENT_EVERY_S

    def asked(self, now: float) -> None:
        """A check went out."""
        self.unanswered += 1
        self._asked_s = now

    def answered(self, now: float) -> None:
        """A check was answered."""
        self.unanswered = 0
        self.answered_s = now

    def found(self, now: float) -> None:
        """A way was shown to work."""
        self.answered_s = now

    def spare(self, now: float) -> None:
        """The peer's own check, just answered, stands for the next of ours."""
        self._asked_s = now

    def measured(self, rtt_s: float) -> None:
        """Smooths a round trip."""
        before = self.rtt_s
        self.rtt_s = rtt_s if before is None else before + _RTT_WEIGHT * (rtt_s - before)

    def first_wait_s(self, now: float, *, controlling: bool) -> float:
        """After a check: how long to wait at first, for the answer or at leisure."""
        spread = 0.8 + 0.4 * self._rng(1)[0] / 255
        self._every_s = every_s = CONSENT_EVERY_S * spread
        if self.patience == 1.0 or controlling or self.unanswered > 1:
            return min(max(CONSENT_REPEAT_S, 2.0 * (self.rtt_s or 0.0)), every_s)
        return self._with_others(every_s * self.patience, now)

    def rest_s(self, now: float, heard_s: float, *, controlling: bool) -> float:
        """How long to wait still until the next check; not positive: it is due.

        Args:
            now: From the last check on: an answer to the peer's own check is one as well.
            heard_s: When the peer last proved that it is there.
            controlling: Our role.
        """
        if self.unanswered:
            return 0.0
        times = self.patience
        if controlling:
            # Longer than the relay waits: its check comes first, and spares ours.
            times = 2.0 * self.patience if now - heard_s < CONSENT_EVERY_S else 1.0
        rest_s = self._asked_s + self._every_s * times - now
        if rest_s <= 0.0:
            return 0.0
        # The caller of a relay looks whether the relay is still heard.
        return self._with_others(min(rest_s, self._every_s) if controlling else rest_s, now)

    def has_ended(self, now: float) -> bool:
        """Whether nothing more may be sent."""
        silent_s = now - self.answered_s
        return silent_s > CONSENT_LIMIT_S and self.unanswered >= CONSENT_MIN_UNANSWERED

    def is_silent(self, now: float) -> bool:
        """Whether the way in use was not shown to work for longer than it should take."""
        return now - self.answered_s > SILENT_PATH_S * self.patience

    def is_spared(self, *, controlling: bool) -> bool:
        """Whether a relay's check, just answered, stands for ours: the way is open, both know it.

        A relay itself never takes a check for an answer: it sends only to who answers (RFC 7675).
        """
        return self.patience > 1.0 and controlling and not self.unanswered

    def asks_back(self, now: float, *, controlling: bool) -> bool:
        """Whether a check goes out early because the peer's has come.

        Either it was gone and is back; or it looks for us where we have moved to without knowing,
        and only the controlling side's check can take it there.
        """
        waited_s = now - self._asked_s
        if self.unanswered:
            return waited_s > REPROBE_GUARD_S
        return controlling and waited_s > CONSENT_REPEAT_S

    def _with_others(self, wait_s: float, now: float) -> float:
        """So much longer that a relay asks several links at once, and wakes less often."""
        if self.patience == 1.0:
            return wait_s
        return wait_s + -(now + wait_s) % TOGETHER_S
