"""Lines from standard input, whatever it is: a terminal, a pipe, a file, or closed.

A thread reads, because a regular file cannot be watched by the event loop and a terminal on
Windows cannot either. It reads the file descriptor itself: a thread that waits inside
Python's buffered reader would hang the end of the process.
"""

import asyncio
import os
import select
import sys
import threading
from collections.abc import AsyncIterator

MAX_LINE_BYTES = 65_536
_QUEUE_LINES = 64


class LineReader:
    """Reads lines of UTF-8 text. First ``first_line``, if wanted, then ``lines``."""

    def __init__(self, fd: int = 0) -> None:
        self._fd = fd
        self._rest = b""
        self._ended = False

    def first_line(self) -> str | None:
        """Wait for one line and return it without its end; None when there is none.

        Blocks: call it before the event loop starts. Only the bytes of this line are taken.
        """
        while b"\n" not in self._rest and not self._ended:
            self._fill()
        return self._take()

    @property
    def is_terminal(self) -> bool:
        """Whether a person types or pastes here."""
        return os.isatty(self._fd)

    def more_within(self, wait_s: float) -> bool:
        """Tell whether a line is there, or begins to come within ``wait_s`` seconds."""
        if self._rest or self._ended:
            return bool(self._rest)
        if sys.platform == "win32":  # only sockets can be waited for
            return False
        try:
            return bool(select.select([self._fd], [], [], wait_s)[0])
        except (OSError, ValueError):  # closed, or none at all
            return False

    async def lines(self) -> AsyncIterator[str]:
        """Yield the lines as they come, until the end of the input."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(_QUEUE_LINES)
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._pump, args=(queue, loop), daemon=True).start()
        while (line := await queue.get()) is not None:
            yield line

    def _pump(self, queue: asyncio.Queue[str | None], loop: asyncio.AbstractEventLoop) -> None:
        """Hand lines to the loop one by one; a reader that is slow makes us wait."""
        while True:
            line = self.first_line()
            handing = queue.put(line)
            try:
                asyncio.run_coroutine_threadsafe(handing, loop).result()
            except BaseException:
                handing.close()
                return
            if line is None:
                return

    def _fill(self) -> None:
        try:
            chunk = os.read(self._fd, 4096)
        except OSError:  # standard input is closed, or belongs to another terminal session
            chunk = b""
        self._ended = not chunk
        self._rest += chunk
        if len(self._rest) > MAX_LINE_BYTES and b"\n" not in self._rest:
            self._rest = self._rest[:MAX_LINE_BYTES] + b"\n"

    def _take(self) -> str | None:
        if not self._rest:
            return None
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode("utf-8", "replace").strip("\r\ufeff")
