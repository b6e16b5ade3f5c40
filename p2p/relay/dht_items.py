"""DHT items that members handed in: stored now, and again until they expire."""

import time
from collections.abc import Callable
from typing import Protocol

from crypto.record import Item
from p2p.clock import unix_s
from p2p.errors import RemoteError
from p2p.link.work import Work

REPUBLISH_EVERY_S = 1200.0
ITEMS_MAX = 4096


class Puts(Protocol):
    """What is needed of the DHT."""

    async def put(self, item: Item) -> int:
        """Stores an item; says at how many nodes."""
        ...


class ItemKeeper:
    """Keeps a relay's promises to store.

    Args:
        dht: Where to.
        tasks: Where the storing runs.
        now: Monotonic seconds.
        unix: Wall clock, whole seconds.
    """

    def __init__(
        self,
        dht: Puts,
        tasks: Work,
        now: Callable[[], float] = time.monotonic,
        unix: Callable[[], int] = unix_s,
    ) -> None:
        self._dht = dht
        self._tasks = tasks
        self._now = now
        self._unix = unix
        self._items: dict[bytes, Item] = {}
        self._own: dict[bytes, Item] = {}
        self._due_s = now() + REPUBLISH_EVERY_S

    @property
    def targets(self) -> list[bytes]:
        """Under which ids items are kept."""
        return list(self._items)

    async def put(self, item: Item) -> int:
        """Stores the newest of the relay's own; who keeps it stored is its maker."""
        self._own[item.target] = item
        return await self._dht.put(item)

    def own(self, target: bytes) -> Item | None:
        """What the relay itself has written under an id, if it has."""
        return self._own.get(target)

    def take(self, data: bytes) -> None:
        """Takes one item; what is no good, older than what is here or too much is dropped."""
        try:
            item = Item.decode(data)
            item.check_time(self._unix())
            item.check_seq(self._unix())
            item.verify()
        except RemoteError:
            return
        held = self._items.get(item.target)
        if held is not None and item.seq < held.seq:
            return
        if held is None and len(self._items) >= ITEMS_MAX:
            self._forget_expired()
            if len(self._items) >= ITEMS_MAX:
                return
        self._items[item.target] = item
        self._tasks.create_task(self._dht.put(item))

    def tick(self) -> None:
        """Call now and then: stores everything again when it is time."""
        if self._now() >= self._due_s:
            self._due_s = self._now() + REPUBLISH_EVERY_S
            self._tasks.create_task(self._republish())

    async def _republish(self) -> None:
        self._forget_expired()
        for item in list(self._items.values()):
            if item.expires_s > self._unix():
                await self._dht.put(item)

    def _forget_expired(self) -> None:
        now = self._unix()
        self._items = {t: item for t, item in self._items.items() if item.expires_s > now}
