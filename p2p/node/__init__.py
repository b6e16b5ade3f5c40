"""The composition root: one member's node, made of all the parts below it."""

from p2p.api.settings import Settings
from p2p.node.create import create_room, join_room
from p2p.node.node import Node

__all__ = ["Node", "Settings", "create_room", "join_room"]
