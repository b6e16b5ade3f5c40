"""Rooms whose members listen on a control socket, for whoever asked for that."""

from p2p.api.commands import Command
from p2p.api.events import Event
from p2p.api.settings import Settings
from p2p.api.view import RoomView
from p2p.errors import UserError
from tui.ctl.listening import Listening, a_place
from tui.ctl.server import ControlServer
from tui.i18n import mark
from tui.nodelike import Backend, NodeLike


class ControlledBackend:
    """Gives every node of another backend a control socket.

    Args:
        backend: The other one.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def parse_key(self, text: str) -> object:
        """Find the room key in ``text``."""
        return self._backend.parse_key(text)

    async def create(self, settings: Settings) -> NodeLike:
        """Open a new room.

        Raises:
            UserError: There is no safe place for the socket, or the room can not be opened.
        """
        place = a_place()
        return ControlledNode(await self._backend.create(settings), place)

    async def join(self, settings: Settings, invite: object) -> NodeLike:
        """Enter a room; raises as ``create``."""
        place = a_place()
        return ControlledNode(await self._backend.join(settings, invite), place)


class ControlledNode:
    """A node with a control socket as long as it runs.

    Args:
        node: The node.
        place: Where it listens.
    """

    def __init__(self, node: NodeLike, place: Listening) -> None:
        self._node = node
        self._place = place

    def do(self, command: Command) -> None:
        """Ask for something."""
        self._node.do(command)

    async def next_event(self) -> Event:
        """Wait for the next event."""
        return await self._node.next_event()

    def view(self) -> RoomView:
        """Return the room as it is now."""
        return self._node.view()

    async def run(self) -> None:
        """Keep the node going until it has left the room.

        Raises:
            UserError: The socket can not be opened.
        """
        server = ControlServer(self._node, self._place)
        try:
            try:
                await server.open()
            except OSError as error:
                raise UserError(
                    "no_ctl",
                    mark("The control socket can not be opened: {reason}."),
                    mark("Start without --ctl."),
                    1,
                    reason=error.strerror or "unknown error",
                ) from None
            await self._node.run()
        finally:
            server.close()
