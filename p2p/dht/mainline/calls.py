"""Questions under way to nodes of the Mainline DHT; nobody who was not asked is even read."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from crypto.errors import RemoteError
from p2p.dht.mainline.krpc import TX_BYTES, Answer, Question, Refusal, question, read_answer
from p2p.dht.mainline.lookup import ANSWER_S
from p2p.wire.addresses import Address, family_of

CALLS_MAX = 256
READ_MAX = 4
"""Datagrams from one address that are read for each question to it."""

Comes = asyncio.Future[Answer | Refusal | None]


@dataclass(frozen=True, slots=True)
class _Call:
    address: Address
    comes: Comes
    timer: asyncio.TimerHandle


class Calls:
    """The open questions of one node.

    Args:
        send: Sends one datagram.
        rng: Source of the questions' numbers.

    Attributes:
        counts: What was asked, answered, and dropped and why.
    """

    def __init__(self, send: Callable[[bytes, Address], None], rng: Callable[[int], bytes]) -> None:
        self._send = send
        self._rng = rng
        self._open: dict[bytes, _Call] = {}
        self._to_read: Counter[Address] = Counter()
        self._closed = False
        self.counts: Counter[str] = Counter()

    def ask(self, address: Address, asked: Question, own_id: bytes) -> Comes:
        """Ask one node.

        Args:
            address: Where it is.
            asked: What.
            own_id: The id to show.

        Returns:
            What it comes to; None: no answer within 2 s, or too many questions are open.
        """
        loop = asyncio.get_running_loop()
        comes: Comes = loop.create_future()
        tx = self._rng(TX_BYTES)
        if self._closed or len(self._open) >= CALLS_MAX or tx in self._open:
            comes.set_result(None)
            return comes
        self._open[tx] = _Call(address, comes, loop.call_later(ANSWER_S, self._end, tx, None))
        self._to_read[address] += READ_MAX
        self.counts["asked"] += 1
        try:
            self._send(question(asked, tx, own_id), address)
        except OSError:
            self._end(tx, None)
        return comes

    def receive(self, data: bytes, source: Address) -> None:
        """Take one datagram from the socket; what is wrong with it is counted, nothing raised."""
        if self._to_read[source] <= 0:
            self.counts["not asked"] += 1
            return
        self._to_read[source] -= 1
        try:
            answer = read_answer(data, family_of(source))
        except RemoteError:
            self.counts["bad"] += 1
            return
        call = self._open.get(answer.tx)
        if call is None or call.address != source:
            self.counts["answer without a question"] += 1
            return
        self.counts["refused" if isinstance(answer, Refusal) else "answered"] += 1
        self._end(answer.tx, answer)

    def close(self) -> None:
        """End every open question without an answer, and open no more."""
        self._closed = True
        for tx in list(self._open):
            self._end(tx, None)

    def _end(self, tx: bytes, answer: Answer | Refusal | None) -> None:
        call = self._open.pop(tx, None)
        if call is None:
            return
        call.timer.cancel()
        if not any(each.address == call.address for each in self._open.values()):
            del self._to_read[call.address]
        if not call.comes.done():
            call.comes.set_result(answer)

    def __len__(self) -> int:
        return len(self._open)
