"""Lines to standard output that never hold up the room.

Ctrl+S on a terminal, or a reader that sleeps, makes writing wait. A thread does the waiting,
so that sound and links go on; when far too much has gathered, the newest lines are dropped
and counted.
"""

import os
import queue
import select
import threading
from collections.abc import Callable

MAX_WAITING_LINES = 10_000


class LineWriter:
    """Writes lines to a file descriptor, in order, from a thread of its own.

    Args:
        fd: Where to write.
        on_closed: Called once, from the writing thread, when nobody reads any more.
        encoding: Of the text; what it cannot hold becomes ``?``.
    """

    def __init__(
        self, fd: int, on_closed: Callable[[], None] | None = None, encoding: str = "utf-8"
    ) -> None:
        self._fd = fd
        self._encoding = encoding
        self._waiting: queue.Queue[str | None] = queue.Queue(MAX_WAITING_LINES)
        self.on_closed = on_closed
        self.dropped = 0
        self._thread = threading.Thread(target=self._write_all, daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Queue one line; returns at once."""
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self.dropped += 1

    def close(self, limit_s: float = 2.0) -> None:
        """Write what is left, for at most ``limit_s`` seconds."""
        try:
            self._waiting.put(None, timeout=limit_s)
        except queue.Full:
            return
        self._thread.join(limit_s)

    def _write_all(self) -> None:
        while (line := self._waiting.get()) is not None:
            data = f"{line}\n".encode(self._encoding, "replace")
            try:
                while data:
                    data = data[self._write_some(data) :]
            except OSError:
                if self.on_closed:
                    self.on_closed()
                return

    def _write_some(self, data: bytes) -> int:
        try:
            return os.write(self._fd, data)
        except BlockingIOError:  # another program has set the shared terminal so
            select.select([], [self._fd], [])
            return 0
