"""Messages with one peer, typed and bounded: what a line is whatever carries it."""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter

from p2p.errors import RemoteError
from p2p.link.second_seal import SecondSeal
from p2p.wire import codec
from p2p.wire.codec import Message

INBOX_MESSAGES = 512
BREACHES_MAX = 16


class Conversation(ABC):
    """One peer's messages in, ours out; closed for those who send rubbish.

    Args:
        dialled: Whether this node asked for it.
        second: Between members all messages are sealed once more; None: with a relay.

    Attributes:
        rtt_s: Round trip of the handshake that led to it, by whatever way; 0 where nobody asked.
    """

    def __init__(self, *, dialled: bool, second: SecondSeal | None = None) -> None:
        self.dialled = dialled
        self._second = second
        self.rtt_s = 0.0
        self.counters: Counter[str] = Counter()
        self._inbox: asyncio.Queue[Message | None] = asyncio.Queue(INBOX_MESSAGES)
        self._open = True

    @property
    @abstractmethod
    def tie(self) -> bytes:
        """What both ends know of this line and no other has."""

    @property
    def open(self) -> bool:
        """False once either side has closed."""
        return self._open

    def greet(self) -> None:
        """Says the key of the second seal, at the asked end of a line that is up."""
        if self._open and self._second is not None:
            self._transmit(self._second.greeting())

    def send(self, message: Message) -> None:
        """Queues one message; on a closed line it is lost."""
        if not self._open:
            return
        data = codec.encode(message)
        if self._second is None:
            self._transmit(data)
        else:
            self._second.say(data)
            self._release(self._second)

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

    @abstractmethod
    async def close(self) -> None:
        """Ends it; never raises, may be called twice."""

    @abstractmethod
    def _transmit(self, data: bytes) -> None:
        """Sends one encoded message."""

    def _arrived(self, data: bytes) -> None:
        if self._second is not None:
            if not self._open:
                return  # a line that did not open once never will
            try:
                opened = self._second.take(data, self.tie)
            except RemoteError as exc:
                self.counters[str(exc)] += 1
                self._ended()
                return
            self._release(self._second)
            if opened is None:
                return
            data = opened
        try:
            message = codec.decode(data)
        except RemoteError as exc:
            self.breach(str(exc))
            return
        try:
            self._inbox.put_nowait(message)
        except asyncio.QueueFull:
            self.breach("flood")

    def _release(self, second: SecondSeal) -> None:
        for sealed in second.to_send():
            self._transmit(sealed)

    def _ended(self) -> None:
        if self._open:
            self._open = False
            if self._inbox.full():
                self._inbox.get_nowait()
            self._inbox.put_nowait(None)
