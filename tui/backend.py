"""The real node behind the front end, imported only when a room is opened.

Loading the link layer takes a third of a second; ``--version`` and ``--help`` do without.
"""

from importlib import import_module
from typing import cast

from p2p.api.settings import Settings
from tui.nodelike import NodeLike


class RealBackend:
    """Rooms over the network."""

    def parse_key(self, text: str) -> object:
        """Find the room key in ``text``; see ``crypto.invite``."""
        return import_module("crypto.invite").parse_key_text(text)

    async def create(self, settings: Settings) -> NodeLike:
        """Open a new room; see ``p2p.node.create_room``."""
        node = import_module("p2p.node")
        return cast("NodeLike", await node.create_room(settings))

    async def join(self, settings: Settings, invite: object) -> NodeLike:
        """Enter a room; see ``p2p.node.join_room``."""
        node = import_module("p2p.node")
        return cast("NodeLike", await node.join_room(settings, invite))
