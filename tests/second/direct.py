"""A member with a link to its door: KNOCK at the address that an invite names."""

import asyncio
import time

from tests.second import records as r
from tests.second.admission import Admitted, Room
from tests.second.invite import DOOR, Invite
from tests.second.link import Link, Peer
from tests.second.member import HAVE_FIRST, HAVE_LAST, Member
from tests.second.question import KNOCK
from tests.second.second_seal import Sealed
from tests.second.wire import Wire

JOIN_LIMIT_S = 20.0
NEAR_EVERY_S = 2.0


class Direct(Member):
    def __init__(self, invite: Invite, name: str) -> None:
        super().__init__(name)
        self._invite = invite
        self._joiner = self._joiner._replace(ticket=self._invite.ticket)

    async def join(self) -> None:
        key = self._invite.key
        door = next(each for each in self._invite.contacts if each.kind == DOOR)
        self._wire = await Wire.open("127.0.0.1", self.me.dh, door.dh)
        peer = Peer(door.address, door.dh, KNOCK, key.psk)
        self._link = await Link.dial(self._wire, peer, self.me.dh)
        self.inside = Admitted(self.me, Room.shown(key, *self._link.answer))
        async with asyncio.timeout(JOIN_LIMIT_S):
            self._line = await Sealed.begin(self._link, self._link.tie)
            await self.inside.ask(self._line, self._joiner, door.dh, self._link.tie)
        self._line.send(r.HAVE, self.inside.known.short_ids(), HAVE_FIRST, HAVE_LAST)
        self._door = self.inside.known.member_of(door.dh)
        self._begin()
        self._tasks.append(asyncio.create_task(self._tell_and_ask()))

    async def _tell_and_ask(self) -> None:
        while True:
            room_time_ms = int(1000 * (time.monotonic() - self.inside.began_s))
            self._line.send(r.NEAR, room_time_ms, [])
            heads, keys = self.inside.known.heads(), self.inside.keys
            if lacking := [epoch for epoch in heads if not keys.has(epoch)]:
                self._line.send(r.ASK_KEYS, lacking)
            await asyncio.sleep(NEAR_EVERY_S)

    async def _read(self) -> None:
        while True:
            match await self._line.receive():
                case [r.OPS, ops]:
                    self._take_ops(ops)
                case [r.WRAPS, epoch, wraps]:
                    self._take_wraps(epoch, wraps)
                case [r.GIVE_KEYS, step, sealed]:
                    self.inside.take_heads(sealed, step, self._door, self._joiner.recv)
                    self._turn()
                case [r.HAVE, *have]:
                    for op in self._lacking(have):
                        self._line.send(r.OPS, [op])
                case [r.COMPARE, _, frm, kind, data]:
                    self._take_compare(frm, kind, data)

    def _tell(self, to: bytes, tag: int, *fields: object) -> None:
        self._line.send(tag, *fields)
