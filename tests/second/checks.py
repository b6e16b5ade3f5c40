"""ICE with one pair of addresses, the controlling end (RFC 8445; protocol.md, section 4)."""

import asyncio
import os

from aioice import stun

from tests.second.offer import Offer
from tests.second.wire import Wire

PRIORITY = 126 << 24 | 65535 << 8 | 255
EVERY_S = 1.0


class Checks:
    """Asks about every second and answers; ``works`` is set by the first answer."""

    def __init__(self, wire: Wire, ours: Offer, theirs: Offer, address: tuple[str, int]) -> None:
        self._wire, self._ours, self._theirs, self._address = wire, ours, theirs, address
        self._tie_breaker = int.from_bytes(os.urandom(8), "big")
        self.works = asyncio.Event()
        wire.on_stun = self._take

    async def run(self) -> None:
        while True:
            self._ask()
            await asyncio.sleep(EVERY_S if self.works.is_set() else 0.1)

    def _ask(self) -> None:
        question = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        question.attributes["USERNAME"] = f"{self._theirs.ufrag}:{self._ours.ufrag}"
        question.attributes["PRIORITY"] = PRIORITY
        question.attributes["ICE-CONTROLLING"] = self._tie_breaker
        question.attributes["USE-CANDIDATE"] = None
        question.add_message_integrity(self._theirs.pwd.encode())
        self._wire.send(bytes(question), self._address)

    def _take(self, data: bytes, address: tuple[str, int]) -> None:
        try:
            message = stun.parse_message(data)
        except ValueError:
            return
        if message.message_class == stun.Class.REQUEST:
            self._answer(message, address)
        elif message.check_message_integrity(self._theirs.pwd.encode()):
            self.works.set()

    def _answer(self, question: stun.Message, address: tuple[str, int]) -> None:
        if not question.check_message_integrity(self._ours.pwd.encode()):
            return
        answer = stun.Message(
            stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=question.transaction_id
        )
        answer.attributes["XOR-MAPPED-ADDRESS"] = address
        answer.add_message_integrity(self._ours.pwd.encode())
        self._wire.send(bytes(answer), address)
