"""Questions under way: which answer belongs to which question, and when to stop waiting."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from p2p.dht.contact import NodeContact
from p2p.dht.lookup import ANSWER_S
from p2p.dht.messages import TX_BYTES, Answer

MAX_CALLS = 512


@dataclass(frozen=True, slots=True)
class _Call:
    contact: NodeContact
    expected: type[Answer]
    future: asyncio.Future[Answer | None]
    timer: asyncio.TimerHandle


class Calls:
    """The open questions of one node.

    Args:
        rng: Source of random bytes, for the numbers of questions.
        answer_s: How long a question stays open, in seconds.
    """

    def __init__(self, rng: Callable[[int], bytes], answer_s: float = ANSWER_S) -> None:
        self._rng = rng
        self._answer_s = answer_s
        self._open: dict[bytes, _Call] = {}
        self._closed = False

    def begin(
        self, contact: NodeContact, expected: type[Answer]
    ) -> tuple[bytes, asyncio.Future[Answer | None]]:
        """Open a question.

        Args:
            contact: Whom we ask; only the holder of this key, at this address, can answer.
            expected: The class of a fitting answer.

        Returns:
            The question's number, 8 bytes, and what it will come to: the answer, or None when
            there is none in time, or when too many questions are open already.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer | None] = loop.create_future()
        tx = self._rng(TX_BYTES)
        if self._closed or len(self._open) >= MAX_CALLS:
            future.set_result(None)
            return tx, future
        timer = loop.call_later(self._answer_s, self._end, tx, None)
        self._open[tx] = _Call(contact, expected, future, timer)
        return tx, future

    def settle(self, sender: NodeContact, answer: Answer) -> bool:
        """Take an answer; False when it answers no open question of ours to this sender."""
        call = self._open.get(answer.tx)
        if call is None or call.contact != sender or not isinstance(answer, call.expected):
            return False
        self._end(answer.tx, answer)
        return True

    def give_up(self, tx: bytes) -> None:
        """End one open question without an answer."""
        self._end(tx, None)

    def close(self) -> None:
        """End every open question without an answer, and open no more."""
        self._closed = True
        for tx in list(self._open):
            self._end(tx, None)

    def _end(self, tx: bytes, answer: Answer | None) -> None:
        call = self._open.pop(tx, None)
        if call is None:
            return
        call.timer.cancel()
        if not call.future.done():
            call.future.set_result(answer)

    def __len__(self) -> int:
        return len(self._open)
