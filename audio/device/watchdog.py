"""When a sound device counts as gone, and when to try it again."""

import enum

SILENT_LIMIT_S = 0.5
"""A running device that calls back less often than this is gone."""
FIRST_LIMIT_S = 3.0
"""Grace after opening: sound servers fill their queue with a few callbacks, then take up to
1.5 s until the next one."""
BACKOFF_S = (0.5, 1.0, 2.0)
"""Waits before the first, second, … attempt to open again; the last one repeats: a sound server
that is back, after however long, is heard again within 3 s."""
STEADY_S = 5.0
"""A device that ran this long has recovered: the next loss starts with the first wait again."""


class Verdict(enum.Enum):
    """What ``Watchdog.check`` asks for."""

    FINE = "fine"
    LOST = "lost"
    OPEN = "open"
    WAIT = "wait"


class Watchdog:
    """Watches the callbacks of one device. Begins as an open device.

    Args:
        now: Monotonic seconds at which the device was opened.
    """

    def __init__(self, now: float) -> None:
        self._attempt = 0
        self._retry_s: float | None = None
        self._opened_s = now

    def opened(self, now: float) -> None:
        """An attempt to open succeeded."""
        self._opened_s = now
        self._retry_s = None

    def failed(self, now: float) -> None:
        """An attempt to open failed: wait longer."""
        self._retry_s = now + BACKOFF_S[min(self._attempt, len(BACKOFF_S) - 1)]
        self._attempt += 1

    def check(self, heard_s: float | None, ended: bool, now: float) -> Verdict:
        """Judge the device.

        Args:
            heard_s: Time of the last callback since opening, None before the first.
            ended: The sound library has said that the stream is over.
            now: Monotonic seconds.

        Returns:
            LOST once per loss, then WAIT until the time to OPEN has come; OPEN is repeated
            until ``opened`` or ``failed`` is called. FINE otherwise.
        """
        if self._retry_s is not None:
            return Verdict.OPEN if now >= self._retry_s else Verdict.WAIT
        if heard_s is not None and now - self._opened_s >= STEADY_S:
            self._attempt = 0
        quiet_limit_s = self._opened_s + FIRST_LIMIT_S
        if heard_s is not None:
            quiet_limit_s = max(quiet_limit_s, heard_s + SILENT_LIMIT_S)
        if not ended and now <= quiet_limit_s:
            return Verdict.FINE
        self.failed(now)
        return Verdict.LOST
