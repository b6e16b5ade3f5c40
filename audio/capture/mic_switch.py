"""Whether our microphone is wanted on, and whether the worker has followed that wish."""

import threading


class MicSwitch:
    """Each change of the wish is one turn, so that off and on again is not overlooked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wished = 0
        self._done = 0

    @property
    def on(self) -> bool:
        """What is wished."""
        return self._wished % 2 == 1

    @property
    def turned(self) -> bool:
        """Whether the wish has changed since it was last followed."""
        return self._wished != self._done

    def set(self, on: bool) -> bool:
        """Wish; returns whether that is another wish than before."""
        with self._lock:
            if on == self.on:
                return False
            self._wished += 1
            return True

    def follow(self) -> bool | None:
        """Take the wish as done; returns it if it has changed. Worker only."""
        wished = self._wished
        if wished == self._done:
            return None
        self._done = wished
        return wished % 2 == 1
