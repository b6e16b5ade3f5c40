"""Records and tags (protocol.md, head and section 5)."""

from typing import Any

import msgspec

JOIN, ADMIT, REFUSE, OPS, HAVE = 1, 2, 3, 4, 5
NEAR, WRAPS = 7, 9
ASK_KEYS, GIVE_KEYS, COMPARE = 10, 11, 13
DOORS, CARDS, CARRY_DOOR, RESOLVE, RESOLVED = 32, 33, 35, 36, 37
OPEN, PASS, PASSED, PRESENT, FLOOR, FLOOR_HAVE, GOSSIP, RELAY_WRAPS, ROUTE = range(39, 48)
RELAY_REFUSE = 49


def pack(record: Any) -> bytes:
    return msgspec.msgpack.encode(record)


def unpack(data: bytes) -> Any:
    """Raises ValueError for what does not encode to itself again."""
    record = msgspec.msgpack.decode(data)
    if pack(record) != data:
        raise ValueError("not the one encoding")
    return record
