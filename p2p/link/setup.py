"""How the making of a link gets on, and how long it may take."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator

from p2p.link.errors import Stage

QUIET_LIMIT_S = 6.0
"""So long a set-up may stand still; one that gets on goes on, on a line of any length."""
SETUP_LIMIT_S = 30.0
SEEN_RECORDS = 16


class Setup:
    """One set-up.

    Attributes:
        began_s: Monotonic seconds when the link was made.
        progressed_s: When it last got on.
        stage: How far it is.
    """

    def __init__(self) -> None:
        self.began_s = self.progressed_s = time.monotonic()
        self.stage: Stage = "reach"
        self._seen: deque[bytes] = deque(maxlen=SEEN_RECORDS)
        self._limit: asyncio.Timeout | None = None
        self._limit_s = self._until_s = 0.0

    @contextlib.asynccontextmanager
    async def limited(self, limit_s: float) -> AsyncIterator[None]:
        """Raises TimeoutError after ``limit_s`` without progress, or after 30 s in all."""
        self._limit_s, self._until_s = limit_s, time.monotonic() + max(limit_s, SETUP_LIMIT_S)
        try:
            async with asyncio.timeout(limit_s) as self._limit:
                yield
        finally:
            self._limit = None

    def progress(self) -> None:
        """It got on: the peer answered something that was new."""
        self.progressed_s = time.monotonic()
        if self._limit is not None and not self._limit.expired():
            until_s = min(self.progressed_s + self._limit_s, self._until_s)
            self._limit.reschedule(until_s - time.monotonic() + asyncio.get_running_loop().time())

    def received(self, record: bytes) -> None:
        """A record of the handshake came; a repeat is no progress."""
        if record not in self._seen:
            self._seen.append(record)
            self.progress()
