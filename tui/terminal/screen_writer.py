"""Bytes to a terminal that may not be read, and must never hold up the room.

Ctrl+S, a selection with the mouse, or a connection that hangs make writing wait. A thread does the
waiting. What does not fit meanwhile is dropped: a screen that is drawn anew later lacks nothing.
"""

import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable

MAX_WAITING_BYTES = 65_536
LOOK_EVERY_S = 1.0


class ScreenWriter:
    """Writes to a terminal, in order, from a thread of its own.

    Args:
        fd: The terminal.
        on_lost: Called once, from the thread: there is no terminal any more.
        on_drained: Called from the thread when the terminal is read again after text was dropped:
            what it shows is wrong now.
    """

    def __init__(
        self, fd: int, on_lost: Callable[[], None], on_drained: Callable[[], None]
    ) -> None:
        self._fd = fd
        self._on_lost = on_lost
        self._on_drained = on_drained
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._news = threading.Condition()
        self._closing = False
        self.dropped = 0
        self._drawn_wrong = False
        self._thread = threading.Thread(target=self._run, name="screen-writer", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Queue text, or drop it; returns at once."""
        data = text.encode("utf-8", "replace")
        with self._news:
            if self._waiting and self._waiting_bytes + len(data) > MAX_WAITING_BYTES:
                self.dropped += 1
                self._drawn_wrong = True
                return
            self._waiting.append(data)
            self._waiting_bytes += len(data)
            self._news.notify()

    def forget(self) -> None:
        """Drop what waits: the screen is about to go, and what ends it must get through."""
        with self._news:
            self._waiting.clear()
            self._waiting_bytes = 0
            self._drawn_wrong = False

    def close(self, limit_s: float = 1.0) -> None:
        """Write what is left, for at most ``limit_s`` seconds."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(limit_s)

    def _run(self) -> None:
        try:
            while (data := self._next()) is not None:
                while data:
                    data = data[self._write_some(data) :]
        except OSError:
            self._on_lost()

    def _next(self) -> bytes | None:
        """Wait for the next text; None at the end. Looks after the terminal in between."""
        with self._news:
            while not self._waiting:
                if self._closing:
                    return None
                if self._drawn_wrong:
                    self._drawn_wrong = False
                    self._on_drained()
                if not self._news.wait(LOOK_EVERY_S) and self._is_gone():
                    raise OSError("the terminal is gone")
            data = self._waiting.popleft()
            self._waiting_bytes -= len(data)
            return data

    def _write_some(self, data: bytes) -> int:
        try:
            return os.write(self._fd, data)
        except BlockingIOError:  # another program has set the shared terminal so
            select.select([], [self._fd], [])
            return 0

    def _is_gone(self) -> bool:
        """Whether the other end was closed: a process that ignores SIGHUP learns it only so."""
        if sys.platform == "win32":
            return False
        poll = select.poll()
        poll.register(self._fd, 0)
        return any(what & (select.POLLHUP | select.POLLNVAL) for _, what in poll.poll(0))
