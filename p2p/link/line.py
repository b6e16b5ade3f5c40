"""A link as a line of messages: typed, bounded, and closed for those who send rubbish."""

import asyncio
from collections import Counter

from p2p.errors import RemoteError
from p2p.link.link import MediaLink
from p2p.wire import codec
from p2p.wire.codec import Message

INBOX_MESSAGES = 512
BREACHES_MAX = 16


class Line:
    """Messages over the data channel of one link.

    Args:
        link: Not yet connected, so that nothing is missed.
        dialled: Whether this node asked for the link.
    """

    def __init__(self, link: MediaLink, *, dialled: bool) -> None:
        self.link = link
        self.dialled = dialled
        self.counters: Counter[str] = Counter()
        self._inbox: asyncio.Queue[Message | None] = asyncio.Queue(INBOX_MESSAGES)
        self._open = True
        link.on_message = self._arrived
        link.on_closed = lambda _why: self._ended()

    @property
    def open(self) -> bool:
        """False once either side has closed."""
        return self._open

    def send(self, message: Message) -> None:
        """Queues one message; on a closed line it is lost."""
        if self._open:
            self.link.send_message(codec.encode(message))

    async def receive(self) -> Message:
        """The next message.

        Raises:
            ConnectionError: The line is closed.
        """
        message = await self._inbox.get() if self._open or not self._inbox.empty() else None
        if message is None:
            raise ConnectionError("line closed")
        return message

    def breach(self, why: str) -> None:
        """The peer broke a rule; too many breaches end the line."""
        self.counters[why] += 1
        if self.counters.total() >= BREACHES_MAX:
            self._ended()

    async def close(self) -> None:
        """Closes line and link; never raises, may be called twice."""
        self._ended()
        await self.link.close()

    def _arrived(self, data: bytes) -> None:
        try:
            message = codec.decode(data)
        except RemoteError as exc:
            self.breach(str(exc))
            return
        try:
            self._inbox.put_nowait(message)
        except asyncio.QueueFull:
            self.breach("flood")

    def _ended(self) -> None:
        if self._open:
            self._open = False
            if self._inbox.full():
                self._inbox.get_nowait()
            self._inbox.put_nowait(None)
