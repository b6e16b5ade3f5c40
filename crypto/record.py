"""The sealed record of a room's doors, under ids that change every hour.

From the room key every member derives, per hour, four Ed25519 keys. The hash of each is
an id in the DHT; the item stored there is signed by that key and holds the doors, sealed
and padded. Without the room key the items of one room look unrelated.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crypto.errors import LocalError, RemoteError
from crypto.identity import sign_public_of
from crypto.ids import SignKey
from crypto.item import Item, target_of
from crypto.roomkey import RoomKey
from crypto.sealed_doors import MAX_DOORS, VALUE_BYTES, Door, Doors, open_doors, seal_doors

__all__ = [
    "MAX_DOORS",
    "SLOT_COUNT",
    "VALUE_BYTES",
    "Door",
    "Doors",
    "Item",
    "Slot",
    "expiry_of",
    "hour_of",
    "hours_to_publish",
    "hours_to_read",
    "open_record",
    "seal_record",
    "slots",
]

Rng = Callable[[int], bytes]

SLOT_COUNT = 4
HOUR_S = 3600
_PUBLISH_NEXT_FROM_S = 50 * 60


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the places where a room's doors are written down for an hour.

    Attributes:
        target: Id in the DHT, 20 bytes.
        signer: Ed25519 public key, 32 bytes, whose hash the target is.
    """

    target: bytes
    signer: SignKey


def hour_of(unix_s: float) -> int:
    """Give the hour since 1970 that a Unix time lies in."""
    return int(unix_s // HOUR_S)


def hours_to_publish(unix_s: float) -> tuple[int, ...]:
    """Give the hours whose records must exist: this one, and from minute 50 the next too."""
    hour = hour_of(unix_s)
    late = unix_s - hour * HOUR_S >= _PUBLISH_NEXT_FROM_S
    return (hour, hour + 1) if late else (hour,)


def hours_to_read(unix_s: float) -> tuple[int, int, int]:
    """Give the hours to look under, likeliest first; a clock may be wrong by an hour."""
    hour = hour_of(unix_s)
    return (hour, hour - 1, hour + 1)


def expiry_of(hour: int) -> int:
    """Give the Unix time at which a record of an hour is void: one hour after its end."""
    return (hour + 2) * HOUR_S


def slots(key: RoomKey, hour: int) -> tuple[Slot, ...]:
    """Derive the four slots of an hour."""
    return tuple(_slot(key, hour, i) for i in range(SLOT_COUNT))


def seal_record(
    key: RoomKey,
    hour: int,
    slot_index: int,
    doors: Sequence[Door],
    seq: int,
    expires_s: int,
    rng: Rng,
) -> Item:
    """Seal doors into an item whose size does not tell how many there are.

    Args:
        key: The room key.
        hour: Hour of the slot.
        slot_index: 0 to 3.
        doors: 1 to 12 different doors.
        seq: Sequence number; Unix seconds will do.
        expires_s: Unix time, see ``expiry_of``.
        rng: Source of the nonce.

    Raises:
        LocalError: There is no such slot, or ``open_record`` would refuse the doors.
    """
    if not 0 <= slot_index < SLOT_COUNT:
        raise LocalError("no such slot")
    target = _slot(key, hour, slot_index).target
    value = seal_doors(key.record_key(hour), target, doors, rng)
    return Item.create(key.slot_seed(hour, slot_index), seq, expires_s, value)


def open_record(key: RoomKey, hour: int, item: Item) -> Doors:
    """Open an item that was found under an id of the room.

    Whether it is in its time is for ``Item.check_time``, which needs a clock.

    Raises:
        RemoteError: It is not an item of this room and hour, its signature or seal is
            broken, or its doors are malformed, doubled, none or more than twelve.
    """
    if item.signer not in {slot.signer for slot in slots(key, hour)}:
        raise RemoteError("record of another room or hour")
    item.verify()
    return open_doors(key.record_key(hour), item.target, item.value)


def _slot(key: RoomKey, hour: int, i: int) -> Slot:
    signer = sign_public_of(key.slot_seed(hour, i))
    return Slot(target_of(signer), signer)
