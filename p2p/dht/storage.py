"""The items that a node keeps for others: only signed, fresh, newer ones, and never too many.

Whoever holds the words of a room can write its items. So of one target there may be several, one
from each net; which nets, when there are too many, no writer can choose, and readers get them in
turns. To hide what others write one needs more nets than they have, many times over.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from enum import IntEnum

from crypto.errors import RemoteError
from crypto.record import Item
from p2p.dht.addresses import neighbourhood
from p2p.wire.addresses import Address

PER_TARGET = 8
"""Items of one target, each from another net."""


class Outcome(IntEnum):
    """What became of an item that somebody asked us to keep."""

    KEPT = 0
    OLDER = 1
    EXPIRED = 2
    BAD = 3
    TOKEN = 4
    FULL = 5


class ItemStorage:
    """Items by target and net. Shaped like the storage of the ``kademlia`` package.

    Args:
        own_id: Our place in the network: when room is short, the farthest items go first.
        secret: Decides which nets go first; nobody else may know it.
        max_items: How many items are held at most.
        max_per_source: How many of them may come from one IPv4 /24, IPv6 /48, or address.
    """

    def __init__(
        self, own_id: bytes, secret: bytes, max_items: int = 5000, max_per_source: int = 500
    ) -> None:
        self._own = int.from_bytes(own_id, "big")
        self._secret = secret
        self._max_items = max_items
        self._max_per_source = max_per_source
        self._held: dict[bytes, dict[str, Item]] = {}
        self._per_source: Counter[str] = Counter()
        self._count = 0

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
            item.check_seq(unix_s)
        except RemoteError:
            return Outcome.BAD
        label = _label(source)
        held = self._held.get(item.target, {}).get(label)
        if held is not None:
            if held == item:
                return Outcome.KEPT
            if item.seq <= held.seq:
                return Outcome.OLDER
            self._drop(item.target, label)
        elif not self._has_turn(item.target, label, unix_s):
            return Outcome.FULL
        if not self._make_room(label, item.target, unix_s):
            return Outcome.FULL
        self._held.setdefault(item.target, {})[label] = item
        self._per_source[label] += 1
        self._count += 1
        return Outcome.KEPT

    def get(self, target: bytes, unix_s: int) -> Item | None:
        """Give one of the items held under ``target`` that have not expired, in turns."""
        found = self.all(target, unix_s)
        if not found:
            return None
        label, item = next(iter(self._held[target].items()))
        self._held[target][label] = self._held[target].pop(label)  # the others come first now
        return item

    def all(self, target: bytes, unix_s: int) -> list[Item]:
        """Give every item held under ``target`` that has not expired."""
        for label, item in list(self._held.get(target, {}).items()):
            if item.expires_s <= unix_s:
                self._drop(target, label)
        return list(self._held.get(target, {}).values())

    def expire(self, unix_s: int) -> None:
        """Forget everything that has expired."""
        over = [
            (target, label)
            for target, items in self._held.items()
            for label, item in items.items()
            if item.expires_s <= unix_s
        ]
        for target, label in over:
            self._drop(target, label)

    def _has_turn(self, target: bytes, label: str, unix_s: int) -> bool:
        """Whether a net may have an item here; one that has less right to it may have to go."""
        if len(self.all(target, unix_s)) < PER_TARGET:
            return True
        last = max(self._held[target], key=lambda each: self._rank(target, each))
        if self._rank(target, label) > self._rank(target, last):
            return False
        self._drop(target, last)
        return True

    def _rank(self, target: bytes, label: str) -> bytes:
        return hashlib.blake2b(target + label.encode(), key=self._secret, digest_size=16).digest()

    def _make_room(self, label: str, target: bytes, unix_s: int) -> bool:
        if self._per_source[label] >= self._max_per_source:
            self.expire(unix_s)
            if self._per_source[label] >= self._max_per_source:
                return False
        if len(self) < self._max_items:
            return True
        self.expire(unix_s)
        if len(self) < self._max_items:
            return True
        heaviest = self._per_source.most_common(1)[0][0]
        victim = max(
            (each for each, items in self._held.items() if heaviest in items), key=self._distance
        )
        if label == heaviest and self._distance(target) >= self._distance(victim):
            return False
        self._drop(victim, heaviest)
        return True

    def _drop(self, target: bytes, label: str) -> None:
        del self._held[target][label]
        if not self._held[target]:
            del self._held[target]
        self._per_source[label] -= 1
        self._count -= 1
        if not self._per_source[label]:
            del self._per_source[label]

    def _distance(self, target: bytes) -> int:
        return int.from_bytes(target, "big") ^ self._own

    def __len__(self) -> int:
        return self._count

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[tuple[bytes, Item]]:
        return iter([(t, item) for t, items in self._held.items() for item in items.values()])


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
