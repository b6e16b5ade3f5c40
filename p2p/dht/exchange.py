"""Every datagram in and out: opened, bounded, told apart, answered; nothing escapes upwards."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from crypto.errors import RemoteError
from p2p.dht.addresses import may_hand, neighbourhood
from p2p.dht.answering import REQUEST_BYTES, REQUEST_FILLED_BYTES, Answering
from p2p.dht.calls import Calls
from p2p.dht.contact import NodeContact
from p2p.dht.messages import (
    Answer,
    Find,
    Found,
    Introduce,
    Ping,
    Pong,
    Reach,
    Request,
    Store,
    Stored,
    decode,
    encode,
    to_contact,
    to_peer,
)
from p2p.dht.network_time import NetworkTime
from p2p.dht.rate import SourceRate
from p2p.dht.reachable import Reachable
from p2p.dht.seal import Sealer
from p2p.wire.addresses import Address, Scope, normalise, scope_of

Send = Callable[[bytes, Address], None]
Comes = asyncio.Future[Answer | None]

_MAX_MEETINGS = 32
_INTRODUCTIONS_S = 1.0
_INTRODUCERS = 2


class Table(Protocol):
    """What is needed of a routing table."""

    def learn(self, contact: NodeContact) -> None:
        """Take in a node that has just answered us, or note that it did."""

    def missed(self, contact: NodeContact) -> None:
        """Note that a node did not answer; twice in a row and it goes."""

    def knows(self, contact: NodeContact) -> bool:
        """Tell whether this node, at this address, is in the table."""

    def closest(self, target: bytes, count: int) -> list[NodeContact]:
        """Give the nodes closest to ``target``, closest first."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a node takes from outside.

    Attributes:
        send: Sends one datagram through the node's one socket.
        rng: Source of random bytes.
        now: Monotonic seconds.
        time: By our clock and by what others answer.
    """

    send: Send
    rng: Callable[[int], bytes]
    now: Callable[[], float]
    time: NetworkTime


class Exchange:
    """Talks to other nodes.

    Args:
        around: Socket, randomness and clocks.
        sealer: Our key.
        table: Who is known.
        answering: What we answer when we serve.
        reachable: Whether we serve.
        rate: How much one source may send us.
    """

    def __init__(
        self,
        around: Surroundings,
        sealer: Sealer,
        table: Table,
        answering: Answering,
        reachable: Reachable,
        rate: SourceRate,
    ) -> None:
        self._around = around
        self._sealer = sealer
        self._table = table
        self._answering = answering
        self._reachable = reachable
        self._rate = rate
        self._introductions = SourceRate(_INTRODUCTIONS_S, _INTRODUCTIONS_S)
        self._meetings: set[bytes] = set()
        self.calls = Calls(around.rng)
        self.counts: Counter[str] = Counter()

    def receive(self, data: bytes, address: tuple[str, int]) -> None:
        """Take one datagram from the socket; what is wrong with it is counted, nothing raised."""
        source = normalise(address)
        if scope_of(source[0]) is None:
            self.counts["bad"] += 1
        elif not self._rate.allow(source, self._around.now()):
            self.counts["too fast"] += 1
        else:
            try:
                self._open(data, source)
            except RemoteError:
                self.counts["bad"] += 1

    def find(self, contact: NodeContact, target: bytes, want: int) -> Comes:
        """Ask a node who is close to ``target`` and for its item."""
        serving = self.serves(contact)
        return self._ask(contact, Found, lambda tx: Find(tx, serving, want, target))

    def store(self, contact: NodeContact, token: bytes, item: bytes) -> Comes:
        """Ask a node to keep an item, with the token from its last answer."""
        serving = self.serves(contact)
        return self._ask(contact, Stored, lambda tx: Store(tx, serving, token, item))

    def ping(self, contact: NodeContact) -> Comes:
        """Ask a node whether it is there."""
        serving = self.serves(contact)
        return self._ask(contact, Pong, lambda tx: Ping(tx, serving))

    def ask_for_strangers(self, contact: NodeContact) -> None:
        """Ask a node to have strangers ping us."""
        self._send(Reach(self._around.rng(8)), contact)

    def serves(self, contact: NodeContact | None) -> bool:
        """Tell whether we serve towards a node; None: in every scope."""
        if contact is None:
            return self._reachable.always
        return self._reachable.serves(contact.address[0], self._around.now())

    def _ask(
        self, contact: NodeContact, expected: type[Answer], make: Callable[[bytes], Request]
    ) -> Comes:
        tx, comes = self.calls.begin(contact, expected)
        if comes.done():
            return comes
        try:
            self._send(make(tx), contact)
        except RemoteError:
            self.calls.give_up(tx)
        comes.add_done_callback(lambda future: self._learn(contact, future))
        return comes

    def _learn(self, contact: NodeContact, comes: Comes) -> None:
        answer = None if comes.cancelled() else comes.result()
        if answer is None:
            self._table.missed(contact)
            return
        if isinstance(answer, Found):
            self._around.time.heard(contact.address, answer.minutes)
        if not isinstance(answer, Pong) or answer.serving:
            self._table.learn(contact)

    def _send(self, message: Request | Answer, contact: NodeContact) -> None:
        filled = REQUEST_BYTES + self._around.rng(1)[0] % REQUEST_FILLED_BYTES
        padded_to = filled if isinstance(message, Find | Reach) else 0
        datagram = self._sealer.seal(encode(message), contact.key, padded_to)
        self._reachable.wrote(contact.address[0], self._around.now())
        with contextlib.suppress(OSError):
            self._around.send(datagram, contact.address)

    def _open(self, data: bytes, source: Address) -> None:
        key, body = self._sealer.open(data)
        if key == self._sealer.public:
            raise RemoteError("from ourselves")
        message = decode(body)
        sender = NodeContact(source, key)
        if isinstance(message, Pong | Found | Stored):
            if not self.calls.settle(sender, message):
                raise RemoteError("answer without a question")
            return
        self.counts["requests"] += 1
        now = self._around.now()
        self._reachable.heard(source[0], now)
        if isinstance(message, Introduce):
            self._visit(to_contact(message.peer), sender)
            return
        self._answer(message, sender, len(data))
        if not isinstance(message, Reach) and message.serving:
            self._meet(sender)

    def _answer(self, request: Request, sender: NodeContact, size: int) -> None:
        now = self._around.now()
        if self.serves(sender):
            if isinstance(request, Reach):
                self._introduce(sender)
                return
            answer = self._answering.answer(request, sender, size, now, self._around.time.own())
            if answer is not None:
                self._send(answer, sender)
        elif isinstance(request, Ping):
            self._send(Pong(request.tx, serving=False), sender)

    def _meet(self, sender: NodeContact) -> None:
        """Ping a node that says it serves; only its answer brings it into the table."""
        if self._table.knows(sender) or sender.id in self._meetings:
            return
        if len(self._meetings) >= _MAX_MEETINGS:
            self.counts["meetings refused"] += 1
            return
        self._meetings.add(sender.id)
        self.ping(sender).add_done_callback(lambda _: self._meetings.discard(sender.id))

    def _introduce(self, sender: NodeContact) -> None:
        """Have nodes that the sender may not know ping it, far from us and from it."""
        ip = sender.address[0]
        if scope_of(ip) is not Scope.GLOBAL:
            return
        if not self._introductions.allow(sender.address, self._around.now()):
            return
        near_nobody = self._around.rng(20)
        chosen = [
            each
            for each in self._table.closest(near_nobody, 8)
            if neighbourhood(each.address[0]) != neighbourhood(ip)
            and scope_of(each.address[0]) is Scope.GLOBAL
        ]
        for contact in chosen[:_INTRODUCERS]:
            self._send(Introduce(self._around.rng(8), to_peer(sender)), contact)

    def _visit(self, contact: NodeContact, introducer: NodeContact) -> None:
        """Ping a node for the introducer's sake, if the introducer is known and not too keen."""
        if not self._table.knows(introducer) or contact.key == self._sealer.public:
            raise RemoteError("introduction by a stranger")
        if scope_of(contact.address[0]) is not Scope.GLOBAL or not may_hand(
            contact.address[0], introducer.address[0]
        ):
            raise RemoteError("introduction of nobody we may visit")
        if self._introductions.allow(introducer.address, self._around.now()):
            self.ping(contact)
