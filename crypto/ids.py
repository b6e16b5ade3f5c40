"""Ids and public keys as types: all of them are bytes, and none may stand for another.

``NewType`` costs nothing at run time and is seen by mypy alone. Who parses, derives or makes one
says which it is (``MemberId(…)``); everybody else passes it on.
"""

from typing import NewType

MemberId = NewType("MemberId", bytes)
"""A member in one room: BLAKE2b-128 of its two public keys, 16 bytes."""

OpId = NewType("OpId", bytes)
"""A signed operation: BLAKE2b-128 of it with its signature, 16 bytes."""

EpochId = NewType("EpochId", OpId)
"""An epoch of the group key: the id of the operation that began it."""

DhKey = NewType("DhKey", bytes)
"""The public half of an X25519 key pair, 32 bytes: a member's, a relay's, or one for one use."""

SignKey = NewType("SignKey", bytes)
"""The public half of an Ed25519 pair, 32 bytes: a member's, an invite's, a pass's, a record's."""

RoomId = NewType("RoomId", bytes)
"""A room: BLAKE2b-256 of its genesis, 32 bytes."""
