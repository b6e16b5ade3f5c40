"""A member that hides: a door by its card, a carried line to it, a seat at the relay."""

import asyncio
import contextlib
import time
from typing import Any

from nacl.exceptions import CryptoError

from tests.second import records as r
from tests.second.admission import Admitted, Room
from tests.second.carried import CarriedLine
from tests.second.gossip import Gossip
from tests.second.kit import blake, sign, sign_public
from tests.second.link import Link, Peer
from tests.second.member import ANSWER_LIMIT_S, Member
from tests.second.ops import op_id
from tests.second.question import HELLO, KNOCK, WELCOME, Question, body_of
from tests.second.relay_line import RelayLine
from tests.second.second_seal import Sealed
from tests.second.wire import Wire
from tests.second.words import RoomKey

JOIN_LIMIT_S = 20.0
ASK_AGAIN_S = 1.0


class AtRelay(Member):
    HOP = 0x80

    def __init__(self, words: str, relay: str, name: str) -> None:
        super().__init__(name)
        self._key, self._relay = RoomKey.of_words(words), RelayLine.parse(relay)
        self.present: set[bytes] = set()

    # --- coming in ------------------------------------------------------------------------------

    async def join(self) -> None:
        self._wire = await Wire.open("127.0.0.1", self.me.dh, self._relay.dh)
        peer = Peer(self._relay.address, self._relay.dh, HELLO, bytes(32))
        self._link = await Link.dial(self._wire, peer, self.me.dh)
        async with asyncio.timeout(JOIN_LIMIT_S):
            await self._join_at_a_door()
            self._pass()
            while (message := await self._link.receive())[0] != r.PASSED:
                if message[0] == r.RELAY_REFUSE:
                    raise PermissionError(message[1])
        self.present = set(message[2])
        self._begin()

    async def _join_at_a_door(self) -> None:
        card = (await self._cards())[0]
        door_dh = self._key.door_of(self._relay.dh, card)
        asked = Question(KNOCK, self._key.psk, self.me.dh, door_dh, body_of(None))
        self._link.send(r.CARRY_DOOR, blake(card, 128), asked.data)
        while (message := await self._link.receive())[0] != r.CARRY_DOOR or (
            message[2][0] != WELCOME
        ):
            pass
        _, handle, welcome = message
        _, seen, offer, genesis, r_ = asked.answered(welcome)
        assert (seen, offer) == (None, None)
        self.inside = Admitted(self.me, Room.shown(self._key, genesis, r_))
        bare = CarriedLine(asked.noise.split(), asked.tag, self._link, handle)
        line = await Sealed.begin(bare, asked.noise.h)
        await self.inside.ask(line, self._joiner, door_dh, asked.noise.h)

    async def _cards(self) -> list[bytes]:
        while True:
            self._link.send(r.DOORS, self._key.relay_tag(self._relay.dh))
            _, _, cards = await self._link.receive()
            if cards:
                return list(cards)
            await asyncio.sleep(ASK_AGAIN_S)

    def _pass(self) -> None:
        """Opens the room at the relay and attaches (section 5, "Rooms on relays")."""
        known, keys, room = self.inside.known, self.inside.keys, self.inside.room_id
        epoch = keys.heads[0]
        pass_ = keys.passes[epoch]
        assert sign_public(pass_) == known.epoch(epoch).pass_public
        self._link.send(r.OPEN, self.inside.genesis, known.floor())
        told = self._relay.dh + room + self._link.tie
        ours = self.me.sign_public, self.me.dh_public
        proof = sign(self.me.seed, b"pass", told)
        pass_proof = sign(pass_, b"seat", told + b"".join(ours))
        self._link.send(r.PASS, room, *ours, sign_public(pass_), proof, pass_proof)

    # --- being there ----------------------------------------------------------------------------

    async def _read(self) -> None:
        while True:
            match await self._link.receive():
                case [r.FLOOR, _, ops]:
                    self._take_ops(ops)
                case [r.RELAY_WRAPS, _, epoch, wraps]:
                    self._take_wraps(epoch, wraps)
                case [r.FLOOR_HAVE, room, ids, first, last]:
                    floor = {op_id(op) for op in self.inside.known.floor()}
                    lacking = self._lacking([ids, first, last])
                    if ops := [op for op in lacking if op_id(op) in floor]:
                        self._link.send(r.FLOOR, room, ops)
                case [r.PRESENT, _, here, gone]:
                    self.present = (self.present | set(here)) - set(gone)
                case [r.GOSSIP, _, to, frm, blob]:
                    with contextlib.suppress(KeyError, ValueError, CryptoError):
                        self._told(self._gossip.open(blob, frm, to), frm)

    @property
    def _gossip(self) -> Gossip:
        return Gossip(self.inside.keys, self.inside.room_id)

    def _told(self, message: Any, frm: bytes) -> None:
        match message:
            case [r.OPS, ops]:
                self._take_ops(ops)
            case [r.HAVE, *have]:
                for op in self._lacking(have):
                    self._tell(frm, r.OPS, [op])
            case [r.COMPARE, _, _, kind, data]:
                self._take_compare(frm, kind, data)

    def _tell(self, to: bytes, tag: int, *fields: object) -> None:
        blob = self._gossip.seal(self.step, self.me.member, to, tag, *fields)
        self._link.send(r.GOSSIP, self.inside.room_id, to, self.me.member, blob)

    async def take_the_stage(self, limit_s: float = ANSWER_LIMIT_S) -> None:
        await super().take_the_stage(limit_s)
        room, seq, parent = self.inside.room_id, int(time.time()), self._relay.dh
        told = room + bytes((self._slot,)) + seq.to_bytes(8, "big") + parent
        keys = self.me.sign_public, self.me.dh_public
        signature = sign(self.me.seed, b"route", told)
        self._link.send(r.ROUTE, room, self._slot, seq, *keys, parent, signature)
