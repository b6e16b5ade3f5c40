"""The byte in front of every sealed frame: how it travels, and in what profile it is packed.

::

    0x80  goes along the tree of relays; without it the frame came straight from its speaker
    0x40  heartbeat: no frame behind it, the relay is there and nobody speaks
    0x3f  profile: 0 table, 1 hall, 2 slim, 3 thin; the byte 0x41 is a report (line_report)

Behind it stands the sealed frame, of which a relay reads the slot: the highest six bits of the
key id (``crypto.kid``). That is not authenticated here; what it may do is bounded by who sends it.
"""

from crypto.frame import HEADER_BYTES, OVERHEAD_BYTES

HOP_BYTES = 1
TREE_FLAG = 0x80
HEARTBEAT = bytes((0x40,))
PROFILE_COUNT = 4
CARRIES_ALL = (3, 3, 2, 1)
"""Of each profile: one payload in so many holds, with its copies, every frame."""

_PROFILE = 0x3F
_CONFIG_AT, _SLOT_AT = HOP_BYTES, HOP_BYTES + 1
_CONFIG = 0xBB
_SLOT_SHIFT = 2
COUNTER_BITS = 32
_SHORTEST_BYTES = HOP_BYTES + OVERHEAD_BYTES + 1


def for_tree(frame: bytes) -> bytes:
    """Mark a frame, hop byte in front, for the way over relays."""
    return bytes((frame[0] | TREE_FLAG,)) + frame[HOP_BYTES:]


def tree_slot(frame: bytes) -> int | None:
    """Read the slot that a frame claims, 1 to 63.

    Args:
        frame: Foreign bytes.

    Returns:
        None for what is no frame for the tree.
    """
    if len(frame) < _SHORTEST_BYTES or not frame[0] & TREE_FLAG or frame[_CONFIG_AT] != _CONFIG:
        return None
    return frame[_SLOT_AT] >> _SLOT_SHIFT or None


def carries_all(frame: bytes) -> int:
    """Of how many payloads of this frame's profile one is enough; 1 for unknown ones."""
    profile = frame[0] & _PROFILE
    return CARRIES_ALL[profile] if profile < PROFILE_COUNT else 1


def counter_of(frame: bytes) -> int:
    """Read the number that a frame claims, one more in each that its speaker seals.

    Args:
        frame: At least as long as its header.
    """
    end = HOP_BYTES + HEADER_BYTES
    return int.from_bytes(frame[end - COUNTER_BITS // 8 : end], "big")
