"""Questions that wait for their answer: KNOCK and HELLO, sent again until something answers.

A responder answers each ephemeral key once, so a repeat is a new question with the same payload.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from crypto.cookie import cookie_tag
from crypto.errors import RemoteError
from crypto.ids import DhKey
from crypto.knock import CALL_TAG_BYTES, Caller, answer_tag
from crypto.noise import Transport
from p2p.rng import Rng

FIRST_WAIT_S = 0.3
WAIT_GROWTH = 1.5
LONGEST_WAIT_S = 2.0
MAX_WAITING = 256


class Answer(NamedTuple):
    """What a question led to.

    Attributes:
        payload: The answer's payload.
        transport: The channel that the handshake leaves. Secret.
        tag: 8 bytes that name the handshake.
        rtt_s: From the question that was answered to its answer.
    """

    payload: bytes
    transport: Transport
    tag: bytes
    rtt_s: float


@dataclass(frozen=True, slots=True)
class _Waiting:
    caller: Caller
    answer: asyncio.Future[Answer]
    send: Callable[[bytes], None]
    asked_s: float
    on_answer: Callable[[Answer], None]


class Calls:
    """All questions of one node.

    Args:
        own_dh_secret: Our X25519 secret, 32 bytes.
        rng: Source of ephemeral keys.
    """

    def __init__(self, own_dh_secret: bytes | bytearray, rng: Rng) -> None:
        self._secret = own_dh_secret
        self._rng = rng
        self._waiting: dict[bytes, _Waiting] = {}

    async def ask(
        self,
        dh: DhKey,
        psk: bytes,
        purpose: bytes,
        payload: bytes,
        send: Callable[[bytes], None],
        limit_s: float,
        on_answer: Callable[[Answer], None] = lambda _answer: None,
    ) -> Answer:
        """Asks until an answer is opened.

        Args:
            dh: Public key of who is asked.
            psk: The room's pre-shared key, or ``NO_PSK``.
            purpose: ``KNOCK`` or ``HELLO``.
            payload: What is asked, at most 381 bytes.
            send: Takes each datagram to the responder, by whatever way.
            limit_s: Seconds until it is given up.
            on_answer: Told at once of the answer: more may come right behind it.

        Returns:
            The first answer.

        Raises:
            TimeoutError: Nobody answered.
            RemoteError: ``dh`` is no usable public key.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        callers: list[Caller] = []
        wait_s = FIRST_WAIT_S
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    caller = Caller(self._secret, dh, psk, purpose, payload, self._rng)
                    cookie = next((c.cookie for c in reversed(callers) if c.cookie), None)
                    if cookie is not None:
                        caller.prove(cookie)
                    if len(self._waiting) < MAX_WAITING:
                        callers.append(caller)
                        now = time.monotonic()
                        self._waiting[caller.tag] = _Waiting(caller, answer, send, now, on_answer)
                        send(caller.datagram)
                    done, _ = await asyncio.wait([answer], timeout=wait_s)
                    if done:
                        return answer.result()
                    wait_s = min(wait_s * WAIT_GROWTH, LONGEST_WAIT_S)
        finally:
            for caller in callers:
                self._waiting.pop(caller.tag, None)

    def take_cookie(self, data: bytes) -> bool:
        """Takes a cookie, with which it asks again at once; False: this is none for us.

        Raises:
            RemoteError: It is a second one, or of no right length.
        """
        waiting = self._waiting.get(cookie_tag(data))
        if waiting is None:
            return False
        waiting.caller.take_cookie(data)
        waiting.send(waiting.caller.datagram)
        return True

    def receive(self, datagram: bytes) -> None:
        """Takes a WELCOME or HELLO-ACK.

        Raises:
            RemoteError: It answers nothing that was asked, or is not authentic.
        """
        tag = answer_tag(datagram)
        if len(tag) != CALL_TAG_BYTES or tag not in self._waiting:
            raise RemoteError("answer to no question")
        waiting = self._waiting[tag]
        payload = waiting.caller.open_answer(datagram)
        if not waiting.answer.done():
            caller = waiting.caller
            rtt_s = time.monotonic() - waiting.asked_s
            answer = Answer(payload, caller.transport, caller.tag, rtt_s)
            waiting.answer.set_result(answer)
            waiting.on_answer(answer)
