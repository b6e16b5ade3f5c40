"""Time that goes on while the lid is closed: how long this machine has slept.

Timers run on ``time.monotonic``. On Linux and macOS it stands still during suspend, so after
waking nothing looks late although every link is dead. The difference to a clock that went on
shows it. On Windows the monotonic clock goes on by itself, and timers are late by the sleep.
"""

import sys
import time
from collections.abc import Callable

Seconds = Callable[[], float]

BEAT_S = 0.2
"""Timers of a member that need not be exact meet this often, so that the machine sleeps between."""
AWAKE_S = 1.0
"""Differences below this are the two clocks being read one after the other."""


def to_beat(now: float, wait_s: float) -> float:
    """Return how long to wait for the first beat that is no sooner than a wait.

    Args:
        now: Monotonic seconds.
        wait_s: The wait, in seconds.

    Returns:
        Seconds, ``wait_s`` to ``wait_s + BEAT_S``.
    """
    return wait_s + -(now + wait_s) % BEAT_S


def unix_s() -> int:
    """The wall clock in whole seconds since 1970; it may be wrong, and only names hours."""
    return int(time.time())


def going_on(
    clocks: tuple[str, ...] = ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"),
) -> Seconds:
    """Find the clock that counts time asleep too.

    Args:
        clocks: Names in the ``time`` module, best first: Linux counts sleep in the first, macOS
            in the second.

    Returns:
        A function giving seconds; ``time.monotonic`` where there is none of them.
    """
    if sys.platform != "win32":
        for name in clocks:
            number = getattr(time, name, None)
            if number is not None:
                return lambda: time.clock_gettime(number)
    return time.monotonic


class SleepWatch:
    """Notices that the machine slept."""

    def __init__(self, whole: Seconds | None = None, awake: Seconds = time.monotonic) -> None:
        """Start watching.

        Args:
            whole: A clock that goes on during sleep; the system's by default.
            awake: One that stands still, as timers see it.
        """
        self._whole = whole or going_on()
        self._awake = awake
        self._gap_s = self._whole() - awake()

    def slept_s(self) -> float:
        """Seconds asleep since the last call, 0 if it was none worth speaking of."""
        gap_s = self._whole() - self._awake()
        slept_s = gap_s - self._gap_s
        if slept_s < AWAKE_S:
            return 0.0
        self._gap_s = gap_s
        return slept_s
