"""A member that hides: it finds a door at a relay, joins by a carried line, and stays there."""

import asyncio
import contextlib
import itertools
import os
import time
from typing import Any

from cryptography.exceptions import InvalidTag
from nacl.exceptions import CryptoError

from tests.second import records as r
from tests.second.carried import CarriedLine
from tests.second.frames import GroupKeys
from tests.second.gossip import Gossip
from tests.second.kit import blake, dh_public, hkdf, sign, sign_public, verify
from tests.second.link import Link
from tests.second.ops import HAND, NONE, TAKE, Keys, Known, Writer, op_id
from tests.second.question import KNOCK, WELCOME, Question, body_of
from tests.second.relay_line import RelayLine
from tests.second.wire import Wire
from tests.second.words import RoomKey
from tests.second.wraps import unwrap

STEP_S = 10
TREE, PROFILE_BITS, HEARTBEAT = 0x80, 0x3F, 0x40
FIRST_COUNTER = 1 << 24
JOIN_LIMIT_S = 20.0
ASK_AGAIN_S = 1.0


class Client:
    """One member of one room at one relay. ``heard`` are payloads by slot, in order."""

    def __init__(self, words: str, relay: str, name: str) -> None:
        self._key, self._relay, self._name = RoomKey.of_words(words), RelayLine.parse(relay), name
        self.me = Keys(os.urandom(32), os.urandom(32))
        self.known, self.keys = Known(), GroupKeys()
        self.heard: dict[int, list[bytes]] = {}
        self.sealed_to_us = self.opened = 0
        self.present: set[bytes] = set()
        self._counter = FIRST_COUNTER
        self._recv = os.urandom(32)
        self._wraps: dict[bytes, list[bytes]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    # --- coming in ------------------------------------------------------------------------------

    async def join(self) -> None:
        self._wire = await Wire.open("127.0.0.1")
        self._link = await Link.dial(self._wire, self._relay, self.me.dh)
        async with asyncio.timeout(JOIN_LIMIT_S):
            line, door_dh, h = await self._call_door()
            await self._be_admitted(line, door_dh, h)
            self._pass()
            while (message := await self._next())[0] != r.PASSED:
                assert message[0] != r.RELAY_REFUSE, message
            self.present = set(message[2])
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._listen())]

    async def _next(self) -> Any:
        return await self._link.messages.get()

    async def _call_door(self) -> tuple[CarriedLine, bytes, bytes]:
        cards = await self._cards()
        door_dh = self._key.door_of(self._relay.dh, cards[0])
        asked = Question(KNOCK, self._key.psk, self.me.dh, door_dh, body_of(None))
        self._link.send(r.CARRY_DOOR, blake(cards[0], 128), asked.data)
        while (message := await self._next())[0] != r.CARRY_DOOR or message[2][0] != WELCOME:
            pass
        _, self._handle, welcome = message
        _, seen, offer, self._genesis, room_r = asked.answered(welcome)
        assert seen is None
        assert offer is None
        assert self._key.is_of(self._genesis, room_r), "another room"
        self.room = blake(self._genesis, 256)
        line = CarriedLine(asked.noise.split(), asked.tag, self._carry)
        return line, door_dh, asked.noise.h

    async def _cards(self) -> list[bytes]:
        while True:
            self._link.send(r.DOORS, self._key.relay_tag(self._relay.dh))
            _, _, cards = await self._next()
            if cards:
                return list(cards)
            await asyncio.sleep(ASK_AGAIN_S)

    def _carry(self, piece: bytes) -> None:
        self._link.send(r.CARRY_DOOR, self._handle, piece)

    async def _be_admitted(self, line: CarriedLine, door_dh: bytes, h: bytes) -> None:
        self._writer = Writer(self.me, self.room)
        ours, theirs = self.me.dh_public, door_dh
        join = self._writer.join(self._name, dh_public(self._recv))
        proof = sign(self.me.seed, b"join", self.room + ours + theirs + h)
        line.send(r.JOIN, join, proof)
        while (answer := await self._answer(line))[0] != r.ADMIT:
            assert answer[0] == r.WAIT, answer
        _, member, room_time_ms, step, heads, ops, proof, *_ = answer
        self._room_began_s = time.monotonic() - room_time_ms / 1000
        self.known.take(ops)
        verify(self.known.sign_key(member), b"admit", self.room + theirs + ours + h, proof)
        for epoch, secret, pass_ in heads:
            self.keys.put(epoch, step, secret, pass_)
        self.keys.turn(tuple(epoch for epoch, _, _ in heads))
        while self.me.member not in self.known.members():
            message = await self._answer(line)
            if message[0] == r.OPS:
                self.known.take(message[1])

    async def _answer(self, line: CarriedLine) -> Any:
        while line.messages.empty():
            message = await self._next()
            if message[0] == r.CARRY_DOOR:
                line.take(message[2])
        return line.messages.get_nowait()

    def _pass(self) -> None:
        """Opens the room at the relay and attaches (section 5, "Rooms on relays")."""
        epoch = self.keys.heads[0]
        pass_ = self.keys.passes[epoch]
        assert sign_public(pass_) == self.known.epoch(epoch).pass_public
        self._link.send(r.OPEN, self._genesis, self.known.floor())
        told = self._relay.dh + self.room + self._link.tie
        keys = self.me.sign_public, self.me.dh_public
        proof = sign(self.me.seed, b"pass", told)
        pass_proof = sign(pass_, b"seat", told + b"".join(keys))
        self._link.send(r.PASS, self.room, *keys, sign_public(pass_), proof, pass_proof)

    # --- being there ----------------------------------------------------------------------------

    @property
    def step(self) -> int:
        return int(time.monotonic() - self._room_began_s) // STEP_S

    @property
    def host(self) -> bytes:
        return Known.host_of(self._genesis)

    async def _read(self) -> None:
        gossip = Gossip(self.keys, self.room)
        while True:
            match await self._next():
                case [r.FLOOR, _, ops]:
                    self.known.take(ops)
                    self._turn()
                case [r.RELAY_WRAPS, _, epoch, wraps]:
                    self._wraps.setdefault(epoch, []).extend(wraps)
                    self._turn()
                case [r.FLOOR_HAVE, room, ids, first, last]:
                    floor = [op for op in self.known.floor() if first <= op_id(op)[:8] <= last]
                    if lacking := [op for op in floor if op_id(op)[:8] not in ids]:
                        self._link.send(r.FLOOR, room, lacking)
                case [r.PRESENT, _, here, gone]:
                    self.present = (self.present | set(here)) - set(gone)
                case [r.GOSSIP, _, to, frm, blob]:
                    with contextlib.suppress(KeyError, ValueError, CryptoError):
                        self._told(gossip.open(blob, frm, to), frm)

    def _turn(self) -> None:
        """Takes the secrets of new epochs, and turns when we hold all heads (section 7)."""
        for epoch in (one for one in self.known.heads() if not self.keys.has(one)):
            fields = self.known.epoch(epoch)
            wraps = self._wraps.get(epoch, [])
            secret = unwrap(wraps, fields.ephemeral, fields.commit, self.me.member, self._recv)
            if secret is not None:
                self.keys.put(epoch, fields.step, secret, hkdf(secret, b"pass"))
        heads = self.known.heads()
        if heads != self.keys.heads and all(self.keys.has(epoch) for epoch in heads):
            self.keys.turn(heads)

    def _told(self, message: Any, frm: bytes) -> None:
        match message:
            case [r.OPS, ops]:
                self.known.take(ops)
            case [r.HAVE, ids, first, last]:
                for op in self.known.beyond(ids, first, last):
                    self._say(frm, r.OPS, [op])

    def _say(self, to: bytes, *message: object) -> None:
        me = self.me.member
        blob = Gossip(self.keys, self.room).seal(self.step, me, to, *message)
        self._link.send(r.GOSSIP, self.room, to, me, blob)

    async def _listen(self) -> None:
        while True:
            frame = await self._link.frames.get()
            if frame[0] == HEARTBEAT:
                continue
            self.sealed_to_us += 1
            with contextlib.suppress(KeyError, ValueError, InvalidTag):
                payload = self.keys.open(frame[1:], self.step, self.known.slots(self.host))
                self.heard.setdefault(frame[2] >> 2, []).append(payload)
                self.opened += 1

    def longest_gap(self, slot: int) -> int:
        """Frames missing in a row, of a stream that is all of profile ``table``."""
        numbers = sorted(int.from_bytes(payload[2:6], "big") for payload in self.heard[slot])
        return max(after - before - 1 for before, after in itertools.pairwise(numbers))

    # --- the stage ------------------------------------------------------------------------------

    def _publish(self, kind: int, *fields: object) -> bytes:
        op = self._writer.write(kind, *fields)
        self.known.take([op])
        self._say(NONE, r.OPS, [op])
        return op

    def raise_hand(self) -> None:
        self._publish(HAND, True)

    async def take_the_stage(self, limit_s: float = 15.0) -> int:
        """Waits for an invitation and takes it; returns our slot."""
        async with asyncio.timeout(limit_s):
            while (grant := self.known.grant_of(self.me.member)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        name, self._slot = grant
        self._publish(TAKE, name)
        self._route()
        return self._slot

    def _route(self) -> None:
        seq, parent = int(time.time()), self._relay.dh
        told = self.room + bytes((self._slot,)) + seq.to_bytes(8, "big") + parent
        keys = self.me.sign_public, self.me.dh_public
        signature = sign(self.me.seed, b"route", told)
        self._link.send(r.ROUTE, self.room, self._slot, seq, *keys, parent, signature)

    async def speak(self, payload: bytes) -> None:
        """Sends one payload of profile ``table``."""
        me = self.me.member
        frame = self.keys.seal(self._slot, self.step, me, self._counter, payload)
        self._counter += 1
        await self._link.send_frame(bytes((TREE,)) + frame)

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._link.close()
        self._wire.close()
