"""The thread of a pipeline: one round after the other, asleep between them, until it is stopped."""

import threading
import time
from collections.abc import Callable

from audio.timer import ExactTimer

FAILURE_PAUSE_S = 0.01
STOP_WAIT_S = 2.0


class Worker:
    """Runs rounds. All methods may be called from any thread.

    Args:
        round_: Does what is due; returns how long there will be nothing to do, in seconds.
        end: Called last, by the thread.
        failed: Told what a round raised; the next one comes all the same.
        hurried: Asked after a round whether the next must not come late by some milliseconds.
    """

    def __init__(
        self,
        round_: Callable[[], float],
        end: Callable[[], None],
        failed: Callable[[Exception], None],
        hurried: Callable[[], bool],
    ) -> None:
        self._round, self._end, self._failed, self._hurried = round_, end, failed, hurried
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopping = False

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the thread. A second call does nothing."""
        if self._thread is None:
            self._begin(self._run)

    def wake(self) -> None:
        """Let the next round come at once."""
        self._wake.set()

    def stop(self) -> None:
        """Stop for good and wait for the end, 2 s at worst. May be repeated."""
        self._stopping = True
        self._wake.set()
        thread = self._thread or self._begin(self._end)
        if thread is not threading.current_thread():
            thread.join(STOP_WAIT_S)

    def _begin(self, target: Callable[[], None]) -> threading.Thread:
        self._thread = threading.Thread(target=target, name="audio", daemon=True)
        self._thread.start()
        return self._thread

    def _run(self) -> None:
        timer = ExactTimer()
        try:
            while not self._stopping:
                self._wake.clear()
                try:
                    pause_s = self._round()
                except Exception as error:
                    # A dead worker would be a silent room: report it, breathe, go on.
                    self._failed(error)
                    pause_s = FAILURE_PAUSE_S
                    time.sleep(pause_s)
                timer.want(wanted=self._hurried())
                self._wake.wait(pause_s)
        finally:
            timer.want(wanted=False)
            self._end()
