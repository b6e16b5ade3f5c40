"""A reader and writer of the Mainline DHT, over a socket that belongs to somebody else.

It answers nobody and stands in nobody's table (BEP 43): a member comes for an hour, and mostly
from behind a router. Each walk shows another id, so that ids join nothing together.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from typing import Protocol

from crypto.mutable_item import MutableItem
from p2p.dht.ask_twice import ask_twice
from p2p.dht.form import MAINLINE
from p2p.dht.mainline.calls import Calls, Comes
from p2p.dht.mainline.entry_points import EntryPoints
from p2p.dht.mainline.known_nodes import KnownNodes, Silence
from p2p.dht.mainline.krpc import Answer, Get, Node, Put
from p2p.dht.mainline.lookup import ANSWER_S, DEADLINE_S, K, LookUp
from p2p.dht.mainline.node_ids import make_id
from p2p.dht.mainline.seen_at import SeenAt
from p2p.dht.mainline.walking import walk
from p2p.dht.newest import newest_first
from p2p.wire.addresses import Address, Scope, family_of, normalise, scope_of

GRACE_S = 0.4
"""How long a get waits, after the first item, for others from other nodes."""
PEEKED_AT = 4
"""Nodes that are asked by a peek."""

_MAX_ITEMS = 32
_AGAIN_S = 0.7

Answers = AsyncGenerator[tuple[Address, Answer], None]


class Socket(Protocol):
    """What is needed of the socket."""

    @property
    def families(self) -> tuple[int, ...]:
        """IP versions that can be sent to: 4, 6 or both."""

    def send(self, data: bytes, address: Address) -> None:
        """Send one datagram."""


class Mainline:
    """Finds and keeps items; nothing is sent before it is asked to.

    Args:
        socket: Ours.
        entry_points: Where to begin.
        rng: Source of random bytes.
        now: Monotonic seconds.

    Attributes:
        form: How a room's records lie in this network.
        on_seen: Told again and again where most nodes see us.
    """

    form = MAINLINE

    def __init__(
        self,
        socket: Socket,
        entry_points: EntryPoints,
        rng: Callable[[int], bytes],
        now: Callable[[], float],
    ) -> None:
        self.on_seen: Callable[[Address], None] = lambda _: None
        self._socket = socket
        self._entry_points = entry_points
        self._rng, self._now = rng, now
        self._calls = Calls(socket.send, rng)
        self._known = KnownNodes()
        self._seen = SeenAt()
        self._scope: Scope | None = None

    @property
    def counts(self) -> Counter[str]:
        """What was asked, answered, and dropped and why."""
        return self._calls.counts

    @property
    def nodes(self) -> int:
        """How many nodes are known; every one of them has answered us."""
        return len(self._known)

    @property
    def scope(self) -> Scope | None:
        """The widest scope among nodes that have answered: who reads what we write may be there."""
        return self._scope

    def receive(self, data: bytes, address: tuple[str, int]) -> None:
        """Take one datagram that began with ``d``. Never raises."""
        self._calls.receive(data, normalise(address))

    def address_changed(self) -> None:
        """Note that we are on another network: where we were seen is void."""
        self._seen.forget()

    def close(self) -> None:
        """Stop: open questions end without answers."""
        self._calls.close()

    async def items(self, target: bytes, deadline_s: float) -> AsyncGenerator[MutableItem, None]:
        """Walk towards a target; yield genuine items of it as they come, each once."""
        seen: set[bytes] = set()
        async with contextlib.aclosing(self._walks(target, deadline_s)) as answers:
            async for _, answer in answers:
                item = self._item_of(target, answer)
                if item is not None and item.signature not in seen and len(seen) < _MAX_ITEMS:
                    seen.add(item.signature)
                    yield item

    async def get(self, target: bytes) -> list[MutableItem]:
        """Find the items of a target, highest number first, in at most 6 s."""
        return await newest_first(self.items(target, DEADLINE_S), DEADLINE_S, GRACE_S)

    async def put(self, item: MutableItem) -> int:
        """Store an item on the nodes closest to its target; tell how many hold it now."""
        kept = await asyncio.gather(*(self._put_in(each, item) for each in self._socket.families))
        return sum(kept)

    async def peek(self, target: bytes, beyond_seq: int | None) -> list[MutableItem]:
        """Ask some nodes that a walk has found beside a target whether they keep something new.

        Args:
            target: 20 bytes.
            beyond_seq: Only an item with a higher number is of interest; None: any.
        """
        comes: dict[Address, Comes] = {}
        for family in self._socket.families:
            near = self._known.closest(target, family, K)
            first = self._rng(1)[0]
            for place in range(min(PEEKED_AT, len(near))):
                address = near[(first + place) % len(near)].address
                asked = Get(target, family, beyond_seq)
                comes[address] = self._calls.ask(address, asked, self._id(family))
        found: dict[bytes, MutableItem] = {}
        silence = Silence(self._known)
        for address, each in comes.items():
            answer = await each
            if not isinstance(answer, Answer):
                silence.of(address)
                continue
            silence.broken()
            self._heard(address, answer)
            if item := self._item_of(target, answer):
                found[item.signature] = item
        return sorted(found.values(), key=lambda item: -item.seq)

    async def _put_in(self, family: int, item: MutableItem) -> int:
        tokens: dict[Address, bytes] = {}
        lookup = await self._look_up(item.target, family, DEADLINE_S)
        async with contextlib.aclosing(self._walk(lookup, item.target, family)) as answers:
            async for address, answer in answers:
                if answer.token:
                    tokens[address] = answer.token
        closest = [node.address for node in lookup.closest()]
        return await self._store({at: Put(item, tokens[at]) for at in closest if at in tokens})

    async def _store(self, puts: dict[Address, Put]) -> int:
        """Store everywhere at once, and a second time where nothing was heard for a while."""
        came = await ask_twice(lambda one: self._put(*one), puts.items(), _AGAIN_S, ANSWER_S)
        return len({at for (at, _), answer in came if isinstance(answer, Answer)})

    def _put(self, address: Address, put: Put) -> Comes:
        return self._calls.ask(address, put, self._id(family_of(address)))

    async def _walks(self, target: bytes, deadline_s: float) -> Answers:
        """Walk in every family at once: the two networks know nothing of each other."""
        answers: asyncio.Queue[tuple[Address, Answer] | None] = asyncio.Queue()

        async def one(family: int) -> None:
            try:
                lookup = await self._look_up(target, family, deadline_s)
                async with contextlib.aclosing(self._walk(lookup, target, family)) as some:
                    async for each in some:
                        answers.put_nowait(each)
            finally:
                answers.put_nowait(None)

        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(one(family)) for family in self._socket.families]
        try:
            for _ in tasks:
                while (each := await answers.get()) is not None:
                    yield each
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_up(self, target: bytes, family: int, deadline_s: float) -> LookUp:
        """Begin a walk: at nodes that are known, or at the entry points."""
        ends_s = self._now() + deadline_s
        entries: list[Address] = []
        seeds = self._known.closest(target, family, 2 * K)
        if len(seeds) < K:
            found = await self._entry_points.addresses(self._now())
            entries = [each for each in found if family_of(each) == family]
        now = self._now()
        return LookUp(target, seeds, entries, now, ends_s - now)

    async def _walk(self, lookup: LookUp, target: bytes, family: int) -> Answers:
        silence = Silence(self._known)
        walking = walk(lookup, target, family, self._calls, self._id(family), self._now)
        async with contextlib.aclosing(walking) as answers:
            async for address, answer in answers:
                if answer is None:
                    silence.of(address)
                else:
                    silence.broken()
                    self._heard(address, answer)
                    yield address, answer

    def _id(self, family: int) -> bytes:
        seen = self._seen.agreed(family)
        return make_id(None if seen is None else seen[0], self._rng)

    def _heard(self, address: Address, answer: Answer) -> None:
        self._known.answered(Node(answer.id, address))
        scope = scope_of(address[0])
        if scope is not None and (self._scope is None or scope > self._scope):
            self._scope = scope
        if answer.seen is not None and family_of(answer.seen) == family_of(address):
            self._seen.heard(address, answer.seen)
            if agreed := self._seen.agreed(family_of(address)):
                self.on_seen(agreed)

    def _item_of(self, target: bytes, answer: Answer) -> MutableItem | None:
        if answer.item is not None and answer.item.target != target:
            self.counts["bad items"] += 1
            return None
        return answer.item
