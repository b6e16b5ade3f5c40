"""A node of the network: the ``kademlia`` package, bent to this program's wire and rules.

This is the only module that imports ``kademlia``. Kept of it: the server's frame, nodes, buckets
and the routing table. Replaced through its extension points: the wire, what is answered, the
walk, and storage. Never called: its own sockets, tasks, and state files (which are pickles).
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any, NoReturn

from kademlia.network import Server
from kademlia.node import Node
from kademlia.protocol import KademliaProtocol
from kademlia.routing import KBucket, RoutingTable

from crypto.errors import LocalError
from crypto.ids import DhKey
from crypto.record import Item
from p2p.dht.addresses import neighbourhood
from p2p.dht.answering import Answering
from p2p.dht.contact import NODE_ID_BYTES, NodeContact, node_id
from p2p.dht.exchange import Exchange, Send, Surroundings
from p2p.dht.finder import Finder
from p2p.dht.form import OURS
from p2p.dht.knock_back import KnockBack, Knocked
from p2p.dht.lookup import ALPHA, DEADLINE_S, PER_NEIGHBOURHOOD, K
from p2p.dht.network_time import NetworkTime
from p2p.dht.rate import SourceRate
from p2p.dht.reachable import Reachable
from p2p.dht.seal import Sealer
from p2p.dht.storage import ItemStorage
from p2p.dht.tokens import Tokens
from p2p.wire.addresses import Scope, scope_of

RATE_PER_S = 50.0

_MAX_TABLE = 1024
_MISSES = 2
_ENOUGH_TO_START = 2
_MAINTAIN_S = 30.0
_REFRESH_S = 600.0
_PINGED_AT_ONCE = 3
_INTRODUCERS = 2


class _KnownNode(Node):  # type: ignore[misc]  # the package has no types
    """A node of the table, with its key and how it has behaved."""

    def __init__(self, contact: NodeContact) -> None:
        super().__init__(contact.id, *contact.address)
        self.contact = contact
        self.misses = 0


class NodeTable(RoutingTable):  # type: ignore[misc]
    """The routing table: finds the true k nearest, starts no tasks, caps neighbourhoods."""

    def __init__(self, own_id: bytes) -> None:
        super().__init__(None, K, Node(own_id))

    def get_bucket_for(self, node: Node) -> int:
        """Give the index of the bucket in whose range the node falls, ends included."""
        return next(i for i, bucket in enumerate(self.buckets) if bucket.has_in_range(node))

    def add_contact(self, node: Node) -> None:
        """Put a node into its bucket, and split our own bucket when it is full."""
        while not self._bucket_of(node).add_node(node):
            bucket = self._bucket_of(node)
            if not bucket.has_in_range(self.node):
                return
            self.split_bucket(self.get_bucket_for(node))

    def find_neighbors(
        self, node: Node, k: int | None = None, exclude: Node | None = None
    ) -> list[_KnownNode]:
        """Give the k known nodes nearest to ``node``, nearest first, over all buckets."""
        fitting = [each for each in self._nodes() if exclude is None or each.id != exclude.id]
        fitting.sort(key=node.distance_to)
        return fitting[: k or self.ksize]

    def learn(self, contact: NodeContact) -> None:
        """Take in a node that has just answered us, or note that it did."""
        known = self._find(contact.id)
        if known is not None and known.contact == contact:
            known.misses = 0
            self._bucket_of(known).add_node(known)
            return
        block = neighbourhood(contact.address[0])
        nodes = self._nodes()
        same = sum(1 for each in nodes if block and neighbourhood(each.ip) == block)
        if same < PER_NEIGHBOURHOOD and len(nodes) < _MAX_TABLE and contact.id != self.node.id:
            self.add_contact(_KnownNode(contact))

    def missed(self, contact: NodeContact) -> None:
        """Note that a node did not answer; twice in a row and it goes."""
        known = self._find(contact.id)
        if known is None or known.contact != contact:
            return
        known.misses += 1
        if known.misses >= _MISSES:
            self.remove_contact(known)

    def knows(self, contact: NodeContact) -> bool:
        """Tell whether this node, at this address, is in the table."""
        known = self._find(contact.id)
        return known is not None and known.contact == contact

    def closest(self, target: bytes, count: int) -> list[NodeContact]:
        """Give the nodes closest to ``target``, closest first."""
        return [each.contact for each in self.find_neighbors(Node(target), count)]

    def sound(self, target: bytes) -> list[NodeContact]:
        """Give the k closest to ``target`` that did answer when last asked: fit to be named."""
        near = self.find_neighbors(Node(target), 2 * K)
        return [each.contact for each in near if not each.misses][:K]

    def stalest(self, count: int) -> list[NodeContact]:
        """Give the nodes not heard of for longest, one of each of some buckets."""
        heads = [bucket.head() for bucket in self.buckets if len(bucket)]
        return [each.contact for each in heads[-count:]]

    def __len__(self) -> int:
        return sum(len(bucket) for bucket in self.buckets)

    def _bucket_of(self, node: Node) -> KBucket:
        return self.buckets[self.get_bucket_for(node)]

    def _find(self, wanted_id: bytes) -> _KnownNode | None:
        node = Node(wanted_id)
        found: _KnownNode | None = self._bucket_of(node)[wanted_id]
        return found

    def _nodes(self) -> list[_KnownNode]:
        return [node for bucket in self.buckets for node in bucket.get_nodes()]


class SealedProtocol(KademliaProtocol):  # type: ignore[misc]
    """The package's protocol with nothing of its wire left: datagrams go to an Exchange."""

    def __init__(self, source_node: Node, storage: ItemStorage, ksize: int) -> None:
        super().__init__(source_node, storage, ksize)
        self.router = NodeTable(source_node.id)

    def attach(self, exchange: Exchange) -> None:
        """Connect the wire."""
        self._exchange = exchange

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take one datagram."""
        self._exchange.receive(data, addr)

    def __getattr__(self, name: str) -> NoReturn:
        # The package would turn every misspelt attribute into a remote call.
        raise AttributeError(name)


class DhtNode(Server):  # type: ignore[misc]
    """Finds and keeps items in the network, over a socket that belongs to somebody else.

    Args:
        send: Sends one datagram; errors of the socket may be raised as OSError.
        key_secret: X25519 secret, 32 bytes, secret; a relay keeps it, a member makes it fresh.
        rng: Source of random bytes.
        server: Serve in every scope at once: for machines known to be reachable.
        now: Monotonic seconds.
        unix: Wall clock, whole seconds.
        rate_per_s: Datagrams a second that one source may send; beyond it there is silence.

    Attributes:
        form: How a room's records lie in this network.
        key: Our public key.
        time: By our clock, or by the nodes that answer if ours is wrong.
    """

    protocol_class = SealedProtocol
    form = OURS

    def __init__(
        self,
        send: Send,
        key_secret: bytes,
        *,
        rng: Callable[[int], bytes],
        server: bool,
        now: Callable[[], float],
        unix: Callable[[], int],
        rate_per_s: float = RATE_PER_S,
    ) -> None:
        sealer = Sealer(key_secret, rng)
        own_id = node_id(sealer.public)
        super().__init__(K, ALPHA, own_id, ItemStorage(own_id, rng(32)))
        self.key: DhKey = sealer.public
        self._rng, self._now = rng, now
        self.time = NetworkTime(now, unix)
        self.protocol = self._create_protocol()
        self._table: NodeTable = self.protocol.router
        self._reachable = Reachable(always=server)
        self._exchange = Exchange(
            Surroundings(send, rng, now, self.time),
            sealer,
            self._table,
            Answering(self.storage, Tokens(rng, now()), self._table.sound),
            self._reachable,
            SourceRate(rate_per_s, 2 * rate_per_s),
        )
        self.protocol.attach(self._exchange)
        self._finder = Finder(
            own_id, self._exchange, self._table, self.storage, now, self.time.unix_s
        )
        self._task: asyncio.Task[None] | None = None
        self._started = asyncio.Event()
        self._closed = False

    @property
    def peers(self) -> int:
        """How many nodes are in the table; every one of them has answered us."""
        return len(self._table)

    @property
    def is_reached(self) -> bool:
        """Whether strangers on the Internet have got through to us of late."""
        return self._reachable.proved(self._now())

    @property
    def scope(self) -> Scope | None:
        """The widest scope among the known nodes: who is told something here may be there."""
        scopes = [scope_of(each.address[0]) for each in self._table.closest(self.node.id, K)]
        return max((each for each in scopes if each is not None), default=None)

    @property
    def counts(self) -> Counter[str]:
        """What came in and was dropped, by reason."""
        return self._exchange.counts

    def receive(self, data: bytes, address: tuple[str, int]) -> None:
        """Take one datagram that began with 0xD0. Never raises."""
        if not self._closed:
            self.protocol.datagram_received(data, address)

    def add_contacts(self, contacts: Iterable[NodeContact]) -> None:
        """Remember nodes to begin with; the first 200 count."""
        self._finder.add_contacts(contacts)

    async def knock_back(self, helper: NodeContact) -> Knocked:
        """Have a node send others that knock at us; to be asked before ``start``."""
        return await KnockBack(self._exchange, self._reachable, self._rng).ask(helper)

    def serve(self) -> None:
        """Serve in every scope from now on: we have proved to be reachable."""
        self._reachable.always = True

    async def start(self, contacts: Iterable[NodeContact] = ()) -> int:
        """Join the network.

        Args:
            contacts: Nodes to begin with, such as those of the bootstrap file.

        Returns:
            How many nodes are known, as soon as two have answered or nobody will; at most 6 s.
        """
        if self._task is not None or self._closed:
            raise LocalError("started twice, or after its end")
        self.add_contacts(contacts)
        self._task = asyncio.get_running_loop().create_task(self._maintain())
        await self._started.wait()
        return self.peers

    async def close(self) -> None:
        """Stop; open questions end without answers, nothing is left behind."""
        self._closed = True
        self._started.set()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._exchange.calls.close()

    def address_changed(self) -> None:
        """Note that we are on another network: what was learned about being reached is void."""
        self._reachable.forget()

    def items(self, target: bytes, deadline_s: float = DEADLINE_S) -> AsyncGenerator[Item, None]:
        """Walk towards a target and give every new genuine item of it, as it comes.

        Args:
            target: 20 bytes.
            deadline_s: When to end, whatever others do, in seconds from now.

        Returns:
            Yields items, each newer than the one before. Close it (``aclosing``) when leaving
            early.
        """
        return self._finder.items(target, deadline_s)

    async def get(self, target: bytes) -> list[Item]:
        """Find the items of a target.

        Args:
            target: 20 bytes.

        Returns:
            Genuine items, newest first; empty after at most 6 s when nobody has one.
        """
        return await self._finder.get(target)

    async def put(self, item: Item) -> int:
        """Store an item on the 20 nodes closest to its target.

        Args:
            item: Signed and not expired.

        Returns:
            How many nodes hold it now, this one included if it is one of them: at most 21.
        """
        return await self._finder.put(item)

    async def _maintain(self) -> None:
        while True:
            self._ask_for_strangers()
            joined_s = self._now()
            await self._join()
            while self.peers >= K // 2 and self._now() - joined_s < _REFRESH_S:
                await self._rest()
            if self.peers < K // 2:
                await self._rest()

    async def _rest(self) -> None:
        await asyncio.sleep(_MAINTAIN_S)
        self.storage.expire(self.time.unix_s())
        for contact in self._table.stalest(_PINGED_AT_ONCE):
            self._exchange.ping(contact)

    async def _join(self) -> None:
        """Walk towards ourselves, which makes us known to our neighbours and them to us."""
        enough = min(_ENOUGH_TO_START, max(1, self._finder.starts))
        async with contextlib.aclosing(self._finder.join()) as answers:
            async for _ in answers:
                if self.peers >= enough:
                    self._started.set()
        self._started.set()

    def _ask_for_strangers(self) -> None:
        """Ask two nodes to have us pinged, best when we have written to few for a while."""
        for contact in self._table.closest(self._rng(NODE_ID_BYTES), _INTRODUCERS):
            if not self._exchange.serves(contact):
                self._exchange.ask_for_strangers(contact)

    def listen(self, *_: Any) -> NoReturn:
        """Refuse: the socket belongs to the owner."""
        raise LocalError("a node opens no socket of its own")

    bootstrap = set = set_digest = refresh_table = save_state = load_state = listen
