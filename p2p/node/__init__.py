"""The composition root: one member's node, made of all the parts below it."""

from p2p.node.node import Node
from p2p.node.opening import create_room, join_room
from p2p.settings import Settings

__all__ = ["Node", "Settings", "create_room", "join_room"]
