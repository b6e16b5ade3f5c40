"""A link as a line of messages."""

from collections.abc import Callable

from p2p.link.conversation import BREACHES_MAX, INBOX_MESSAGES, Conversation
from p2p.link.link import MediaLink
from p2p.link.second_seal import SecondSeal

__all__ = ["BREACHES_MAX", "INBOX_MESSAGES", "Line"]


class Line(Conversation):
    """Messages over the data channel of one link.

    Args:
        link: Not yet connected, so that nothing is missed.
        dialled: Whether this node asked for the link.
        second: The second seal, of a link between members.

    Attributes:
        on_deaf: Called, before the line ends, when the peer is there but answers no message.
    """

    def __init__(self, link: MediaLink, *, dialled: bool, second: SecondSeal | None = None) -> None:
        super().__init__(dialled=dialled, second=second)
        self.link = link
        link.on_message = self._arrived
        link.on_closed = self._link_closed
        self.on_deaf: Callable[[], None] = lambda: None

    @property
    def tie(self) -> bytes:
        """64 bytes over what both ends offered, their certificates too; empty until it is up."""
        return self.link.tie

    async def close(self) -> None:
        """Closes line and link; never raises, may be called twice."""
        self._ended()
        await self.link.close()

    def _link_closed(self, why: str) -> None:
        if why == "deaf":
            self.on_deaf()
        self._ended()

    def _transmit(self, data: bytes) -> None:
        self.link.send_message(data)
