"""A room's records in BitTorrent's Mainline DHT: the same doors, under ids and keys of their own.

So nobody who sees both networks can tell that two ids are of one room. Beside the four slots with
doors there is one for seekers: who looks for a way in and stands behind a router writes itself
down there, and a door sends something its way, so that both routers let the other through.
"""

from collections.abc import Callable, Sequence

from crypto.errors import RemoteError
from crypto.identity import sign_public_of
from crypto.item import target_of
from crypto.mutable_item import MutableItem
from crypto.record import SLOT_COUNT, Slot
from crypto.roomkey import RoomKey
from crypto.sealed_doors import Door, Doors, open_doors, seal_doors

SEEKERS = SLOT_COUNT
"""Number of the slot where seekers stand; those of doors are 0 to 3."""


def mainline_slot(key: RoomKey, hour: int, i: int) -> Slot:
    """Derive one slot of an hour."""
    signer = sign_public_of(key.mainline_seed(hour, i))
    return Slot(target_of(signer), signer)


def mainline_slots(key: RoomKey, hour: int) -> tuple[Slot, ...]:
    """Derive the four slots of an hour in which doors stand."""
    return tuple(mainline_slot(key, hour, i) for i in range(SLOT_COUNT))


def seal_mainline(
    key: RoomKey,
    hour: int,
    i: int,
    doors: Sequence[Door],
    seq: int,
    rng: Callable[[int], bytes],
) -> MutableItem:
    """Seal doors, or seekers, into an item whose size does not tell how many there are.

    Args:
        key: The room key.
        hour: Hour of the slot.
        i: 0 to 3, or that of seekers.
        doors: 1 to 12 different ones.
        seq: Sequence number; Unix seconds will do.
        rng: Source of the nonce.

    Raises:
        LocalError: ``open_mainline`` would refuse the doors.
    """
    target = mainline_slot(key, hour, i).target
    value = seal_doors(key.mainline_key(hour), target, doors, rng)
    return MutableItem.create(key.mainline_seed(hour, i), seq, value)


def open_mainline(key: RoomKey, hour: int, item: MutableItem) -> Doors:
    """Open an item that was found under an id of the room, its signature checked.

    Raises:
        RemoteError: It is not an item of this room and hour, its seal is broken, or its doors are
            malformed, doubled, none or more than twelve.
    """
    if item.signer not in {mainline_slot(key, hour, i).signer for i in range(SEEKERS + 1)}:
        raise RemoteError("record of another room or hour")
    return open_doors(key.mainline_key(hour), item.target, item.value)
