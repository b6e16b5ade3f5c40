"""The two ends of a pipeline, microphone and loudspeaker, and how another one takes its place."""

import threading
import time
from collections.abc import Callable

from audio.capture.capture import Capture
from audio.playout.playout import Playout

TAKE_WAIT_S = 1.0
"""Longest wait until the worker has taken another device; it is woken for it."""
_LOOK_EVERY_S = 0.002


class Ends:
    """What the worker reads from and writes to. It takes a new end over between two rounds.

    Args:
        capture: Where our voice comes from; belongs to us from now on.
        playout: Where the others are heard; likewise.
        wake: Wakes the worker.

    Attributes:
        failures: Devices whose closing broke.
        resting: The worker sleeps until somebody is heard; set by it.
    """

    def __init__(self, capture: Capture, playout: Playout, wake: Callable[[], None]) -> None:
        self.capture = capture
        self.playout = playout
        self.failures = 0
        self.resting = False
        self._wake = wake
        self._changing = threading.Lock()
        self._next_capture: Capture | None = None
        self._next_playout: Playout | None = None
        self._working = False
        self._closed = False
        capture.attach(wake)
        playout.attach(wake)

    def use_capture(self, capture: Capture) -> None:
        """Hand another microphone over; waits until it is in use and the old one is closed."""
        with self._changing:
            capture.attach(self._wake)
            old, self._next_capture = self.capture, capture
            self._wait(lambda: self._next_capture is None)
            self._close_one(old)
            if self._closed:
                self._close_one(capture)

    def use_playout(self, playout: Playout) -> None:
        """Hand another loudspeaker over; likewise."""
        with self._changing:
            playout.attach(self._wake)
            old, self._next_playout = self.playout, playout
            self._wait(lambda: self._next_playout is None)
            self._close_one(old)
            if self._closed:
                self._close_one(playout)

    def take(self, now: float) -> bool:
        """Begin to use what was handed over. Worker only.

        Returns:
            Whether the microphone is another one now.
        """
        self._working = True
        capture, playout = self._next_capture, self._next_playout
        if playout is not None:
            self.playout, self._next_playout = playout, None
        if capture is None:
            return False
        capture.forget(now)
        self.capture, self._next_capture = capture, None
        return True

    def close(self) -> None:
        """Close all devices for good."""
        self._working = False
        self._closed = True
        for end in (self.capture, self.playout, self._next_capture, self._next_playout):
            if end is not None:
                self._close_one(end)

    def _wait(self, taken: Callable[[], bool]) -> None:
        if not self._working:
            self.take(time.monotonic())
            self._working = False
            return
        self._wake()
        end_s = time.monotonic() + TAKE_WAIT_S
        while self._working and not taken() and time.monotonic() < end_s:
            time.sleep(_LOOK_EVERY_S)

    def _close_one(self, end: Capture | Playout) -> None:
        try:
            end.close()
        except Exception:
            self.failures += 1
