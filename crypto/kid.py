"""The 32-bit SFrame key id of a room: slot 6 bits, frontier tag 18 bits, step 8 bits.

A slot is at least 1, so every key id needs exactly four bytes and every header has one length.
"""

from typing import NamedTuple

from crypto.errors import LocalError, RemoteError

MIN_SLOT = 1
MAX_SLOT = 63
TAG_BITS = 18
STEP_BITS = 8
STEP_MASK = (1 << STEP_BITS) - 1

_TAG_MASK = (1 << TAG_BITS) - 1
_SLOT_SHIFT = TAG_BITS + STEP_BITS


class Kid(NamedTuple):
    """A key id, taken apart.

    Attributes:
        slot: Speaker's place, 1 to 63.
        tag: Frontier tag, 18 bits.
        step8: The lowest 8 bits of the step.
    """

    slot: int
    tag: int
    step8: int


def pack_kid(slot: int, tag: int, step: int) -> int:
    """Put a key id together; of ``step`` only the lowest 8 bits go in.

    Raises:
        LocalError: ``slot`` is not in 1 to 63, or ``tag`` has more than 18 bits.
    """
    if not (MIN_SLOT <= slot <= MAX_SLOT and 0 <= tag <= _TAG_MASK):
        raise LocalError("slot or frontier tag is out of range")
    return slot << _SLOT_SHIFT | tag << STEP_BITS | step & STEP_MASK


def split_kid(kid: int) -> Kid:
    """Take a key id apart.

    Raises:
        RemoteError: It has more than 32 bits, or its slot is 0.
    """
    slot = kid >> _SLOT_SHIFT
    if not MIN_SLOT <= slot <= MAX_SLOT:
        raise RemoteError("slot is out of range")
    return Kid(slot, kid >> STEP_BITS & _TAG_MASK, kid & STEP_MASK)
