"""The items that a node keeps for others: only signed, fresh, newer ones, and never too many."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from crypto.errors import RemoteError
from crypto.record import Item
from p2p.dht.addresses import neighbourhood
from p2p.wire.addresses import Address


class Outcome(IntEnum):
    """What became of an item that somebody asked us to keep."""

    KEPT = 0
    OLDER = 1
    EXPIRED = 2
    BAD = 3
    TOKEN = 4
    FULL = 5


@dataclass(frozen=True, slots=True)
class _Held:
    item: Item
    source: str


class ItemStorage:
    """Items by target. Shaped like the storage of the ``kademlia`` package: ``get``, iteration.

    Args:
        own_id: Our place in the network: when room is short, the farthest items go first.
        max_items: How many items are held at most.
        max_per_source: How many of them may come from one IPv4 /24, IPv6 /48, or address.
    """

    def __init__(self, own_id: bytes, max_items: int = 5000, max_per_source: int = 500) -> None:
        self._own = int.from_bytes(own_id, "big")
        self._max_items = max_items
        self._max_per_source = max_per_source
        self._held: dict[bytes, _Held] = {}
        self._per_source: Counter[str] = Counter()

    def offer(self, item: Item, source: Address, unix_s: int) -> Outcome:
        """Take one item, if every rule allows it.

        Args:
            item: As decoded from the network; its signature is checked here.
            source: Who asks us to keep it.
            unix_s: Wall clock.

        Returns:
            ``KEPT`` also for the very item that is held already.
        """
        if item.expires_s <= unix_s:
            return Outcome.EXPIRED
        try:
            check_item(item, item.target, unix_s)
        except RemoteError:
            return Outcome.BAD
        held = self._held.get(item.target)
        if held is not None:
            if held.item == item:
                return Outcome.KEPT
            if item.seq <= held.item.seq:
                return Outcome.OLDER
            self._drop(item.target)
        label = _label(source)
        if not self._make_room(label, item.target, unix_s):
            return Outcome.FULL
        self._held[item.target] = _Held(item, label)
        self._per_source[label] += 1
        return Outcome.KEPT

    def get(self, target: bytes, unix_s: int) -> Item | None:
        """Give the item held under ``target``, if it has not expired."""
        held = self._held.get(target)
        if held is None:
            return None
        if held.item.expires_s <= unix_s:
            self._drop(target)
            return None
        return held.item

    def expire(self, unix_s: int) -> None:
        """Forget everything that has expired."""
        for target in [t for t, held in self._held.items() if held.item.expires_s <= unix_s]:
            self._drop(target)

    def _make_room(self, label: str, target: bytes, unix_s: int) -> bool:
        if self._per_source[label] >= self._max_per_source:
            self.expire(unix_s)
            if self._per_source[label] >= self._max_per_source:
                return False
        if len(self._held) < self._max_items:
            return True
        self.expire(unix_s)
        if len(self._held) < self._max_items:
            return True
        heaviest = self._per_source.most_common(1)[0][0]
        victim = max(
            (each for each, held in self._held.items() if held.source == heaviest),
            key=self._distance,
        )
        if label == heaviest and self._distance(target) >= self._distance(victim):
            return False
        self._drop(victim)
        return True

    def _drop(self, target: bytes) -> None:
        label = self._held.pop(target).source
        self._per_source[label] -= 1
        if not self._per_source[label]:
            del self._per_source[label]

    def _distance(self, target: bytes) -> int:
        return int.from_bytes(target, "big") ^ self._own

    def __len__(self) -> int:
        return len(self._held)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[tuple[bytes, Item]]:
        return iter([(target, held.item) for target, held in self._held.items()])


def check_item(item: Item, target: bytes, unix_s: int) -> None:
    """Check an item that somebody gave us.

    Args:
        item: As decoded.
        target: What it should be the item of.
        unix_s: Wall clock.

    Raises:
        RemoteError: Of another target, forged, expired, or said to live longer than records may.
    """
    if item.target != target:
        raise RemoteError("item of another target")
    item.check_time(unix_s)
    item.verify()


def _label(source: Address) -> str:
    block = neighbourhood(source[0])
    return f"{source[0]} {source[1]}" if block is None else block.hex()
