"""What a front end needs of the rest of the program, and nothing more."""

from typing import TYPE_CHECKING, Protocol

from p2p.api.settings import Settings

if TYPE_CHECKING:  # a tenth of a second, which a key that opens the microphone would wait
    from p2p.api.commands import Command
    from p2p.api.events import Event
    from p2p.api.view import RoomView


class NodeLike(Protocol):
    """A member's node as a front end sees it. All calls from the one event loop."""

    def do(self, command: "Command") -> None:
        """Ask for something; the answer is an event."""
        ...

    async def next_event(self) -> "Event":
        """Wait for the next event. After ``Left`` there is none."""
        ...

    def view(self) -> "RoomView":
        """Return the room as it is now."""
        ...

    async def run(self) -> None:
        """Keep the node going until it has left the room."""
        ...


class Backend(Protocol):
    """How a front end gets a node."""

    def parse_key(self, text: str) -> object:
        """Return the invite found in ``text``.

        Raises:
            UserError: There is no valid key in it.
        """
        ...

    async def create(self, settings: Settings) -> NodeLike:
        """Open a new room.

        Raises:
            UserError: It cannot be opened.
        """
        ...

    async def join(self, settings: Settings, invite: object) -> NodeLike:
        """Enter the room of ``invite``, which came from ``parse_key``.

        Raises:
            UserError: Nobody is there, or nobody lets us in.
        """
        ...
