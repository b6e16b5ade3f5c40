"""What a serving node answers to a request: closest nodes, items, tokens, stores."""

from collections.abc import Callable, Iterable

from crypto.errors import RemoteError
from crypto.record import Item
from p2p.dht.addresses import may_hand
from p2p.dht.contact import NodeContact
from p2p.dht.messages import (
    PEERS_PER_ANSWER,
    Answer,
    Find,
    Found,
    Ping,
    Pong,
    Request,
    Store,
    Stored,
    encode,
    family_of,
    to_peer,
)
from p2p.dht.network_time import MINUTE_S
from p2p.dht.seal import MAX_DATAGRAM_BYTES, OVERHEAD_BYTES
from p2p.dht.storage import ItemStorage, Outcome
from p2p.dht.tokens import Tokens

REQUEST_BYTES = 616
"""Least size that every Find is filled up to: an answer is at most twice as long as its request, so
a forged source address gains next to nothing."""
REQUEST_FILLED_BYTES = 96
"""Less than so many more, by chance: no size is that of every first datagram."""

Neighbours = Callable[[bytes], Iterable[NodeContact]]


class Answering:
    """Answers requests. Holds no sockets and no clock.

    Args:
        storage: The items kept here.
        tokens: Maker of write tokens.
        neighbours: Gives the known nodes closest to a target, closest first.
    """

    def __init__(self, storage: ItemStorage, tokens: Tokens, neighbours: Neighbours) -> None:
        self._storage = storage
        self._tokens = tokens
        self._neighbours = neighbours

    def answer(
        self, request: Request, asker: NodeContact, size: int, now: float, unix_s: int
    ) -> Answer | None:
        """Answer one genuine request.

        Args:
            request: What is asked.
            asker: Who asks, its key proved, its address not.
            size: Bytes of the datagram that carried the request.
            now: Monotonic seconds.
            unix_s: Wall clock.

        Returns:
            The answer; None when there is none to this kind of message.
        """
        if isinstance(request, Ping):
            return Pong(request.tx, serving=True)
        if isinstance(request, Find):
            return self._found(request, asker, size, now, unix_s)
        if isinstance(request, Store):
            return Stored(request.tx, int(self._store(request, asker, now, unix_s)))
        return None

    def _found(
        self, request: Find, asker: NodeContact, size: int, now: float, unix_s: int
    ) -> Found:
        room = min(MAX_DATAGRAM_BYTES, 2 * size) - OVERHEAD_BYTES
        token = self._tokens.give(asker.address, asker.key, request.target, now)
        item = self._storage.get(request.target, unix_s)
        items = () if item is None else (item.encode(),)
        minutes = unix_s // MINUTE_S
        if len(encode(Found(request.tx, token, (), items, minutes))) > room:
            items = ()
        peers = tuple(to_peer(each) for each in self._peers(request, asker))
        while peers and len(encode(Found(request.tx, token, peers, items, minutes))) > room:
            peers = peers[:-1]
        return Found(request.tx, token, peers, items, minutes)

    def _peers(self, request: Find, asker: NodeContact) -> list[NodeContact]:
        fitting = [
            each
            for each in self._neighbours(request.target)
            if each.key != asker.key
            and family_of(each.address) & request.want
            and may_hand(each.address[0], asker.address[0])
        ]
        return fitting[:PEERS_PER_ANSWER]

    def _store(self, request: Store, asker: NodeContact, now: float, unix_s: int) -> Outcome:
        try:
            item = Item.decode(request.item)
        except RemoteError:
            return Outcome.BAD
        if not self._tokens.good(request.token, asker.address, asker.key, item.target, now):
            return Outcome.TOKEN
        return self._storage.offer(item, asker.address, unix_s)
