"""What a front end needs of the rest of the program, and nothing more."""

from dataclasses import dataclass
from typing import Protocol

from p2p.commands import Command
from p2p.events import Event
from p2p.view import RoomView


class NodeLike(Protocol):
    """A member's node as a front end sees it. All calls from the one event loop."""

    def do(self, command: Command) -> None:
        """Ask for something; the answer is an event."""
        ...

    async def next_event(self) -> Event:
        """Wait for the next event. After ``Left`` there is none."""
        ...

    def view(self) -> RoomView:
        """Return the room as it is now."""
        ...

    async def run(self) -> None:
        """Keep the node going until it has left the room."""
        ...


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asked for on the command line or the start screen.

    Attributes:
        name: Own name, as typed.
        topic: What a new room is about; may be empty.
        listen: Address of the one UDP socket, None for any free port.
        bootstrap: Entry nodes, each ``HOST:PORT#nodekey``.
        mode: "open" or "shield".
        mic: ``default``, a device, ``file:PATH``, ``tone:HZ`` or ``silence``.
        speaker: ``default``, a device or ``null``.
        only: The one way to find the room that may be used, or None for all.
        seconds: Leave this long after joining, or None.
        cues: Names of the sound cues that are on; None for all.
        mask: How the voice leaves: ``off``, ``disguise`` or ``typed``.
        echo: Whether echo is cancelled: ``auto``, ``on`` or ``off``.
    """

    name: str
    topic: str = ""
    listen: tuple[str, int] | None = None
    bootstrap: tuple[str, ...] = ()
    mode: str = "open"
    mic: str = "default"
    speaker: str = "default"
    only: str | None = None
    seconds: float | None = None
    cues: tuple[str, ...] | None = None
    mask: str = "off"
    echo: str = "auto"


class Backend(Protocol):
    """How a front end gets a node."""

    def parse_key(self, text: str) -> object:
        """Return the invite found in ``text``.

        Raises:
            UserError: There is no valid key in it.
        """
        ...

    async def create(self, wishes: Wishes) -> NodeLike:
        """Open a new room.

        Raises:
            UserError: It cannot be opened.
        """
        ...

    async def join(self, wishes: Wishes, invite: object) -> NodeLike:
        """Enter the room of ``invite``, which came from ``parse_key``.

        Raises:
            UserError: Nobody is there, or nobody lets us in.
        """
        ...
