"""How far a link is, how the making of it gets on, and how long that may take.

::

    new --(limited)--> reach (ICE) -> keys (DTLS) -> channel (SCTP) -> up --> closed
     |                   |              |              |                       ^
     +-------------------+--------------+--------------+-----------------------+
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Literal

from p2p.link.errors import LinkFailed, Stage

QUIET_LIMIT_S = 6.0
"""So long a set-up may stand still; one that gets on goes on, on a line of any length."""
SETUP_LIMIT_S = 30.0
SEEN_RECORDS = 16


class Setup:
    """One set-up, and what came of it.

    Attributes:
        began_s: Monotonic seconds when the link was made.
        progressed_s: When it last got on.
        stage: How far it is.
    """

    def __init__(self) -> None:
        self.began_s = self.progressed_s = time.monotonic()
        self.stage: Stage | Literal["new", "up"] = "new"
        self._seen: deque[bytes] = deque(maxlen=SEEN_RECORDS)
        self._limit: asyncio.Timeout | None = None
        self._limit_s = self._until_s = 0.0

    @property
    def is_new(self) -> bool:
        """Whether nothing was begun."""
        return self.stage == "new"

    @property
    def is_under_way(self) -> bool:
        """Whether the link is being made."""
        return self.stage in ("reach", "keys", "channel")

    @property
    def is_up(self) -> bool:
        """Whether it came up and has not ended."""
        return self.stage == "up"

    @property
    def is_closed(self) -> bool:
        """Whether it has ended."""
        return self.stage == "closed"

    def enter(self, stage: Literal["keys", "channel", "up"]) -> None:
        """It has got as far as this.

        Raises:
            ConnectionError: It was closed meanwhile.
        """
        if self.is_closed:
            raise ConnectionError
        self.stage = stage
        self.progress()

    def failed(self, why: Exception) -> LinkFailed:
        """What to say of it after an error: where it stood, unless that is known better."""
        if self.stage == "closed" or self.stage == "new" or self.stage == "up":
            return LinkFailed("closed")
        return why if isinstance(why, LinkFailed) else LinkFailed(self.stage)

    def end(self) -> None:
        """The link is of no use any more."""
        self.stage = "closed"

    @contextlib.asynccontextmanager
    async def limited(self, limit_s: float) -> AsyncIterator[None]:
        """Begins; raises TimeoutError after ``limit_s`` without progress, or after 30 s in all."""
        self.stage = "reach"
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
