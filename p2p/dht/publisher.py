"""When and what a door writes into the records of its room; no sockets, no clock of its own.

Every hour has four slots, and every door writes all of them: first itself, then the doors that
others have written there. Nodes keep one item from each net, so only doors of one net overwrite
each other; each looks again a little later and puts in what is missing.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic

from crypto.errors import RemoteError
from crypto.ids import DhKey
from crypto.record import (
    MAX_DOORS,
    SLOT_COUNT,
    Door,
    Item,
    expiry_of,
    hours_to_publish,
    seal_record,
)
from crypto.roomkey import RoomKey
from p2p.dht.form import Form, I

LOOK_AGAIN_S = 15.0
REPUBLISH_S = 600.0
RETRY_S = 2.0
LONGEST_RETRY_S = 120.0
TAKEN_OVER = 4
"""Of another's record so many doors are written down behind ours."""

Rng = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Place:
    """One slot of one hour.

    Attributes:
        hour: Unix hours.
        slot: 0 to 3.
        target: Where its item lies, 20 bytes.
    """

    hour: int
    slot: int
    target: bytes


@dataclass(slots=True)
class _Progress:
    due_s: float
    kept_times: int = 0
    failed_times: int = 0


class Publisher(Generic[I]):
    """Keeps the records of one room in one network alive on behalf of one door.

    Args:
        key: The room key.
        form: How records lie in the network.
        rng: Source of random bytes: nonces, and the scatter of times.
    """

    def __init__(self, key: RoomKey, form: Form[I], rng: Rng) -> None:
        self._key = key
        self._form = form
        self._rng = rng
        self._places: dict[Place, _Progress] = {}

    def due(self, now: float, unix_s: int) -> list[Place]:
        """Name the places to be read and written now.

        Args:
            now: Monotonic seconds.
            unix_s: Wall clock; only decides about the hours.
        """
        hours = hours_to_publish(unix_s)
        for place in [each for each in self._places if each.hour not in hours]:
            del self._places[place]
        for hour in hours:
            if not any(place.hour == hour for place in self._places):
                for index, slot in enumerate(self._form.slots(self._key, hour)):
                    self._places[Place(hour, index, slot.target)] = _Progress(now)
        return [place for place, progress in self._places.items() if progress.due_s <= now]

    def seal(
        self,
        place: Place,
        own: Sequence[Door],
        gone: Collection[DhKey],
        held: Sequence[I],
        unix_s: int,
    ) -> I | None:
        """Make what is to be written.

        Args:
            place: One that was due.
            own: The doors that we vouch for, at most 12: ourselves, and others known alive.
            gone: Keys of doors that are known to have left.
            held: The items found at the place.
            unix_s: Wall clock.

        Returns:
            The held item itself if it has our doors in front and nothing is to change in it; None
            if there is nothing to write.
        """
        if not own:
            return None
        others: list[Door] = []
        for item in held:
            found = self._doors_of(place, item)
            if set(found[: len(own)]) == set(own) and not any(each.dh in gone for each in found):
                return item
            others += found[:TAKEN_OVER]
        seq = self._form.next_seq(held, unix_s)
        doors = merge(own, others, gone)
        return self._form.seal(self._key, place.hour, place.slot, doors, seq, self._rng)

    def _doors_of(self, place: Place, item: I) -> tuple[Door, ...]:
        try:
            return self._form.open(self._key, place.hour, item)
        except RemoteError:
            return ()  # somebody with the room key has spoiled it

    def wrote(self, place: Place, kept: int, now: float) -> None:
        """Note on how many nodes a place was stored, and plan its next turn."""
        progress = self._places.get(place)
        if progress is None:
            return
        if kept:
            progress.kept_times += 1
            progress.failed_times = 0
            wait_s = LOOK_AGAIN_S if progress.kept_times == 1 else REPUBLISH_S
        else:
            progress.failed_times += 1
            wait_s = min(LONGEST_RETRY_S, RETRY_S * 2 ** min(6, progress.failed_times - 1))
        scatter = 0.8 + 0.4 * self._rng(1)[0] / 255
        progress.due_s = now + wait_s * scatter

    def changed(self, now: float) -> None:
        """Note that our doors have changed: every place is due."""
        for progress in self._places.values():
            progress.due_s = now
            progress.kept_times = 0


def merge(own: Sequence[Door], found: Sequence[Door], gone: Collection[DhKey]) -> list[Door]:
    """Put our doors first, then the others found, without those that have left; at most 12."""
    keys = {door.dh for door in own}
    doors = list(dict.fromkeys(own))
    doors += [each for each in dict.fromkeys(found) if each.dh not in keys | set(gone)]
    return doors[:MAX_DOORS]


def finished_items(key: RoomKey, doors: Sequence[Door], unix_s: int, rng: Rng) -> list[Item]:
    """Make the items of this and the next hour, for somebody who stores them without the key.

    Args:
        key: The room key.
        doors: 1 to 12.
        unix_s: Wall clock.
        rng: Source of nonces.

    Returns:
        Eight items.
    """
    hour = hours_to_publish(unix_s)[0]
    return [
        seal_record(key, each, slot, doors, unix_s, expiry_of(each), rng)
        for each in (hour, hour + 1)
        for slot in range(SLOT_COUNT)
    ]
