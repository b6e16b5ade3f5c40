"""A member that is in: operations, new keys, sound; by what line is not its business."""

import asyncio
import itertools
import os
import time
from abc import ABC, abstractmethod
from typing import Any

from cryptography.exceptions import InvalidTag

from tests.second import records as r
from tests.second.admission import Admitted, Joiner
from tests.second.comparison import Comparison, Party
from tests.second.kit import hkdf
from tests.second.link import Link
from tests.second.ops import HAND, LEAVE, NONE, TAKE, Keys, Known
from tests.second.wire import Wire
from tests.second.wraps import unwrap

STEP_S = 10
ANSWER_LIMIT_S, SAID_AFTER_S = 15.0, 0.2
HEARTBEAT = 0x40
FIRST_COUNTER = 1 << 24
WAITS_S, WAITING_MAX = 1.0, 64
"""So long, and so many, frames wait for a key that is under way (section 7)."""
HAVE_FIRST, HAVE_LAST = bytes(8), b"\xff" * 8


class Member(ABC):
    """``heard`` are payloads by slot, in order; ``came`` counts the frames they came in."""

    HOP = 0

    def __init__(self, name: str) -> None:
        self.me, self._joiner = Keys(os.urandom(32), os.urandom(32)), Joiner(name, os.urandom(32))
        self.heard: dict[int, list[bytes]] = {}
        self.came = self.opened = 0
        self._waiting: list[tuple[float, bytes]] = []
        self._counter = FIRST_COUNTER
        self._wraps: dict[bytes, list[bytes]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._comparison: Comparison | None = None
        self.inside: Admitted
        self._wire: Wire
        self._link: Link

    @abstractmethod
    async def join(self) -> None: ...

    @abstractmethod
    def _tell(self, to: bytes, tag: int, *fields: object) -> None:
        """Says something to one member, or with zeros to all."""

    @abstractmethod
    async def _read(self) -> None: ...

    def _begin(self) -> None:
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._listen())]

    @property
    def step(self) -> int:
        return int(time.monotonic() - self.inside.began_s) // STEP_S

    # --- operations and keys --------------------------------------------------------------------

    def _take_ops(self, ops: list[bytes]) -> None:
        self.inside.known.take(ops)
        self._turn()

    def _take_wraps(self, epoch: bytes, wraps: list[bytes]) -> None:
        self._wraps.setdefault(epoch, []).extend(wraps)
        self._turn()

    def _turn(self) -> None:
        """Takes the secrets of new epochs, and turns when we hold all heads (section 7)."""
        known, keys, recv = self.inside.known, self.inside.keys, self._joiner.recv
        for epoch in (one for one in known.heads() if not keys.has(one)):
            fields = known.epoch(epoch)
            wraps = self._wraps.get(epoch, [])
            secret = unwrap(
                wraps,
                fields.ephemeral,
                fields.commit,
                self.me.member,
                recv,
                self.inside.members_secret,
            )
            if secret is not None:
                keys.put(epoch, fields.step, secret, hkdf(secret, b"pass"))
        heads = known.heads()
        if heads != keys.heads and all(keys.has(epoch) for epoch in heads):
            keys.turn(heads)
            waited, self._waiting = self._waiting, []
            for since_s, frame in waited:
                if time.monotonic() - since_s < WAITS_S:
                    self._open(frame)

    def _lacking(self, have: list[Any]) -> list[bytes]:
        """What somebody lacks who says Have, given its fields."""
        ids, first, last = have
        return self.inside.known.beyond(ids, first, last)

    # --- who is who ---------------------------------------------------------------------------

    async def compare(self, other: bytes) -> str:
        """Compares words with a member whose person asked for us; the six characters."""
        inside = self.inside
        me, they = (Party(one, *inside.known.keys_of(one)) for one in (self.me.member, other))
        self._comparison = Comparison(me, they, inside.keys, inside.room_id)
        self._tell(other, r.COMPARE, other, self.me.member, *self._comparison.begin(self.step))
        async with asyncio.timeout(ANSWER_LIMIT_S):
            while not self._comparison.code:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return self._comparison.code

    def _take_compare(self, frm: bytes, kind: int, data: bytes) -> None:
        if self._comparison and (part := self._comparison.take(kind, data)):
            self._tell(frm, r.COMPARE, frm, self.me.member, *part)

    # --- sound ----------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            frame = await self._link.frames.get()
            if frame[0] == HEARTBEAT:
                continue
            self.came += 1
            if not self._open(frame):
                self._waiting = [*self._waiting, (time.monotonic(), frame)][-WAITING_MAX:]

    def _open(self, frame: bytes) -> bool:
        slots = self.inside.known.slots(Known.host_of(self.inside.genesis))
        try:
            payload = self.inside.keys.open(frame[1:], self.step, slots)
        except (KeyError, ValueError, InvalidTag):
            return False
        self.heard.setdefault(frame[2] >> 2, []).append(payload)
        self.opened += 1
        return True

    def longest_gap(self, slot: int) -> int:
        """Frames missing in a row, of a stream that is all of profile ``table``."""
        numbers = sorted(int.from_bytes(payload[2:6], "big") for payload in self.heard[slot])
        return max(after - before - 1 for before, after in itertools.pairwise(numbers))

    async def speak(self, payload: bytes) -> None:
        """Sends one payload of profile ``table``."""
        frame = self.inside.keys.seal(self._slot, self.step, self.me.member, self._counter, payload)
        self._counter += 1
        await self._link.send_frame(bytes((self.HOP,)) + frame)

    # --- the stage ------------------------------------------------------------------------------

    def _write(self, kind: int, *fields: object) -> None:
        op = self.inside.writer.write(kind, *fields)
        self.inside.known.take([op])
        self._tell(NONE, r.OPS, [op])

    def raise_hand(self) -> None:
        self._write(HAND, True)

    async def take_the_stage(self, limit_s: float = ANSWER_LIMIT_S) -> None:
        """Waits for an invitation and takes it."""
        async with asyncio.timeout(limit_s):
            while (grant := self.inside.known.grant_of(self.me.member)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        name, self._slot = grant
        self._write(TAKE, name)

    async def leave(self) -> None:
        """For good: a Leave op says so, the end of a link alone does not."""
        self._write(LEAVE)
        await asyncio.sleep(SAID_AFTER_S)
        await self.vanish()

    async def vanish(self) -> None:
        """Without a word, as a program that is killed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._link.close()
        self._wire.close()
