"""Getting and putting items: the walks of one node, with what it knows and keeps itself."""

import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable

from crypto.errors import RemoteError
from crypto.ids import DhKey
from crypto.record import Item
from p2p.dht.ask_twice import ask_twice
from p2p.dht.contact import NodeContact
from p2p.dht.exchange import Comes, Exchange, Table
from p2p.dht.lookup import ANSWER_S, DEADLINE_S, MAX_QUERIES, K, LookUp
from p2p.dht.messages import WANT_V4, WANT_V6, Answer, Found, Stored, family_of
from p2p.dht.newest import newest_first
from p2p.dht.storage import ItemStorage, Outcome, check_item
from p2p.dht.walk import walk

GRACE_S = 0.25
"""How long a get waits, after the first item, for others from other nodes."""

_MAX_STARTS = 200
_MAX_ITEMS = 32
_FEW_PEERS = 3
_PUT_WALK_S = 4.0
_PUT_QUERIES = 120
_STORE_AGAIN_S = 0.35

Answers = AsyncGenerator[tuple[NodeContact, Found], None]


class Finder:
    """Walks through the network for one node.

    Args:
        own_id: Our place in it, 20 bytes.
        exchange: Asks other nodes.
        table: The nodes known.
        storage: What we keep ourselves.
        now: Monotonic seconds.
        unix: Wall clock, whole seconds.
    """

    def __init__(
        self,
        own_id: bytes,
        exchange: Exchange,
        table: Table,
        storage: ItemStorage,
        now: Callable[[], float],
        unix: Callable[[], int],
    ) -> None:
        self._own_id = own_id
        self._exchange = exchange
        self._table = table
        self._storage = storage
        self._now = now
        self._unix = unix
        self._starts: dict[DhKey, NodeContact] = {}
        self._want = 0

    def add_contacts(self, contacts: Iterable[NodeContact]) -> None:
        """Remember nodes to begin with; the first 200 count."""
        for contact in contacts:
            if len(self._starts) < _MAX_STARTS and contact.id != self._own_id:
                self._starts[contact.key] = contact

    @property
    def starts(self) -> int:
        """How many nodes there are to begin with."""
        return len(self._starts)

    async def items(self, target: bytes, deadline_s: float) -> AsyncGenerator[Item, None]:
        """Walk towards a target; yield genuine items of it as they come, each once."""
        seen: set[bytes] = set()
        for item in self._storage.all(target, self._unix()):
            seen.add(item.signature)
            yield item
        lookup = self._look_up(target, deadline_s)
        async with contextlib.aclosing(self._walk(lookup, target)) as answers:
            async for _, found in answers:
                for item in self._read(found, target):
                    if item.signature not in seen and len(seen) < _MAX_ITEMS:
                        seen.add(item.signature)
                        yield item

    async def get(self, target: bytes) -> list[Item]:
        """Find the items of a target, newest first, in at most 6 s."""
        return await newest_first(self.items(target, DEADLINE_S), DEADLINE_S, GRACE_S)

    async def put(self, item: Item) -> int:
        """Store an item on the nodes closest to its target; tell how many hold it now."""
        tokens: dict[NodeContact, bytes] = {}
        lookup = self._look_up(item.target, _PUT_WALK_S, _PUT_QUERIES)
        async with contextlib.aclosing(self._walk(lookup, item.target)) as answers:
            async for contact, found in answers:
                tokens[contact] = found.token
        closest = [each for each in lookup.closest() if each in tokens]
        kept = await self._store(item, [(each, tokens[each]) for each in closest])
        return kept + self._keep(item, closest)

    async def join(self) -> Answers:
        """Walk towards ourselves, which makes us known to our neighbours and them to us."""
        lookup = self._look_up(self._own_id, DEADLINE_S)
        async with contextlib.aclosing(self._walk(lookup, self._own_id)) as answers:
            async for each in answers:
                yield each

    async def _store(self, item: Item, where: list[tuple[NodeContact, bytes]]) -> int:
        """Store everywhere at once, and a second time where nothing was heard for a while."""
        data = item.encode()
        more_s = ANSWER_S - _STORE_AGAIN_S
        came = await ask_twice(
            lambda one: self._exchange.store(*one, data), where, _STORE_AGAIN_S, more_s
        )
        return len({contact for (contact, _), answer in came if _kept(answer)})

    def _keep(self, item: Item, closest: list[NodeContact]) -> bool:
        """Keep an item ourselves if we serve and are among its closest nodes.

        The first entry node of all is the closest one there is.
        """
        first = closest[0] if closest else None
        if not self._exchange.serves(first):
            return False
        if len(closest) >= K and _distance(self._own_id, item) > _distance(closest[-1].id, item):
            return False
        return self._storage.offer(item, ("::1", 0), self._unix()) is Outcome.KEPT

    def _read(self, found: Found, target: bytes) -> list[Item]:
        try:
            items = [Item.decode(data) for data in found.items]
            for item in items:
                check_item(item, target, self._unix())
        except RemoteError:
            self._exchange.counts["bad items"] += 1
            return []
        return items

    def _look_up(self, target: bytes, deadline_s: float, max_queries: int = MAX_QUERIES) -> LookUp:
        seeds = self._table.closest(target, K)
        if len(seeds) < _FEW_PEERS:
            seeds += self._starts.values()
        avoid = frozenset((self._own_id,))
        now = self._now()
        return LookUp(
            target, seeds, now, avoid=avoid, deadline_s=deadline_s, max_queries=max_queries
        )

    async def _walk(self, lookup: LookUp, target: bytes) -> Answers:
        def ask(contact: NodeContact) -> Comes:
            return self._exchange.find(contact, target, self._want or WANT_V4 | WANT_V6)

        async with contextlib.aclosing(walk(lookup, ask, self._now)) as answers:
            async for contact, found in answers:
                self._want |= family_of(contact.address)
                yield contact, found


def _kept(answer: Answer | None) -> bool:
    return isinstance(answer, Stored) and answer.outcome == Outcome.KEPT


def _distance(node_id: bytes, item: Item) -> int:
    return int.from_bytes(node_id, "big") ^ int.from_bytes(item.target, "big")
