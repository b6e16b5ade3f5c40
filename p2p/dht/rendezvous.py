"""Meeting through the network: write down where the room's doors are, and find them again."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from typing import Generic, Protocol

from crypto.errors import RemoteError
from crypto.ids import DhKey
from crypto.record import Door, hours_to_read
from crypto.roomkey import RoomKey
from p2p.dht.form import Form, I
from p2p.dht.publisher import Place, Publisher
from p2p.wire.addresses import Scope, scope_of

FIND_S = 5.9
OTHER_HOURS_S = 1.0
"""How long this hour's records are looked for alone, before a wrong clock is thought of."""

OWN_DOORS = 4
"""Who writes a record stands in front; whom it knows of comes after what all others write."""

_POLL_S = 1.0
_CHANGE_GAP_S = 5.0


class Network(Protocol[I]):
    """What is needed of a node of a DHT."""

    @property
    def form(self) -> Form[I]:
        """How records lie there."""

    @property
    def scope(self) -> Scope | None:
        """The widest scope among the nodes known."""

    def items(self, target: bytes, deadline_s: float) -> AsyncGenerator[I, None]:
        """Yield the items of a target as they come."""

    async def get(self, target: bytes) -> list[I]:
        """Give the items of a target, highest sequence number first."""

    async def put(self, item: I) -> int:
        """Store an item; tell on how many nodes."""


async def find(
    key: RoomKey, dht: Network[I], *, unix: Callable[[], int], limit_s: float = FIND_S
) -> AsyncGenerator[Door, None]:
    """Look for the doors of a room.

    Args:
        key: The room key.
        dht: A started node, or one that is starting.
        unix: Unix seconds; may be wrong by up to an hour, and may be put right while we look.
        limit_s: When to end, whatever others do.

    Yields:
        Every door once, as it is found. Close it (``aclosing``) when leaving early.
    """
    search = _Search(key, dht)
    task = asyncio.get_running_loop().create_task(
        search.run(lambda: hours_to_read(unix()), limit_s)
    )
    try:
        while (door := await search.doors.get()) is not None:
            yield door
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _Search(Generic[I]):
    """One search: all slots of this hour, then, if nobody was there, of the hours beside it.

    Those who answered may have put the time right by then.
    """

    def __init__(self, key: RoomKey, dht: Network[I]) -> None:
        self._key = key
        self._dht = dht
        self._seen: set[Door] = set()
        self.doors: asyncio.Queue[Door | None] = asyncio.Queue()

    async def run(self, hours: Callable[[], Sequence[int]], limit_s: float) -> None:
        """Put doors into the queue, and None at the end."""
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit_s), asyncio.TaskGroup() as readers:
                    first = hours()[0]
                    reading = [
                        readers.create_task(self._read(first, slot.target, limit_s))
                        for slot in self._dht.form.slots(self._key, first)
                    ]
                    await asyncio.wait(reading, timeout=OTHER_HOURS_S)
                    for hour in set(hours()) - {first} if not self._seen else ():
                        for slot in self._dht.form.slots(self._key, hour):
                            readers.create_task(self._read(hour, slot.target, limit_s))
        finally:
            self.doors.put_nowait(None)

    async def _read(self, hour: int, target: bytes, limit_s: float) -> None:
        others: list[Door] = []
        async with contextlib.aclosing(self._dht.items(target, limit_s)) as items:
            async for item in items:
                with contextlib.suppress(RemoteError):
                    doors = self._dht.form.open(self._key, hour, item)
                    self._take(doors[:OWN_DOORS])
                    others += doors[OWN_DOORS:]
        self._take(others)

    def _take(self, doors: Sequence[Door]) -> None:
        for door in fitting(doors, self._dht.scope):
            if door not in self._seen:
                self._seen.add(door)
                self.doors.put_nowait(door)


async def keep_published(
    key: RoomKey,
    dht: Network[I],
    doors: Callable[[], Sequence[Door]],
    *,
    gone: Callable[[], Collection[DhKey]] = frozenset,
    rng: Callable[[int], bytes],
    now: Callable[[], float],
    unix: Callable[[], int],
    on_kept: Callable[[], None] = lambda: None,
) -> None:
    """Keep the records of a room alive until cancelled.

    Args:
        key: The room key.
        dht: A started node.
        doors: Gives the doors that we vouch for, at most 12; empty while there are none. Doors
            of a narrower scope than the network's are left out.
        gone: Gives the keys of doors that are known to have left.
        rng: Source of random bytes.
        now: Monotonic seconds.
        unix: Wall clock, whole seconds.
        on_kept: Called when other nodes have taken a record of ours: it can be found now.
    """
    publisher = Publisher(key, dht.form, rng)
    written: set[Door] = set()
    changed_s = now() - _CHANGE_GAP_S
    while True:
        own = fitting(doors(), dht.scope)
        if set(own) != written and now() - changed_s >= _CHANGE_GAP_S:
            written, changed_s = set(own), now()
            publisher.changed(changed_s)
        if own:
            async with asyncio.TaskGroup() as writers:
                for place in publisher.due(now(), unix()):
                    writers.create_task(
                        _write(publisher, place, dht, own, gone(), on_kept, now=now, unix=unix)
                    )
        await asyncio.sleep(_POLL_S)


async def _write(
    publisher: Publisher[I],
    place: Place,
    dht: Network[I],
    own: Sequence[Door],
    gone: Collection[DhKey],
    on_kept: Callable[[], None],
    *,
    now: Callable[[], float],
    unix: Callable[[], int],
) -> None:
    held = await dht.get(place.target)
    item = publisher.seal(place, own, gone, held, unix())
    kept = await dht.put(item) if item is not None else 0
    publisher.wrote(place, kept, now())
    if kept:
        on_kept()


def fitting(doors: Sequence[Door], scope: Scope | None) -> list[Door]:
    """Leave out the doors whose address reaches less far than the network that is asked.

    Args:
        doors: Any doors.
        scope: The network's; None when it is not known yet, which lets everything pass.
    """
    return [
        door
        for door in doors
        if (reaches := scope_of(door.address[0])) is not None
        and (scope is None or reaches >= scope)
    ]
