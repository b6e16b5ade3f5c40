"""Our links with the other members: letting in and being let in, operations, presence, carrying."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

from p2p.errors import RemoteError
from p2p.link.carried import CarriedLine
from p2p.link.line import Line
from p2p.link.reach import Station
from p2p.link.work import Work
from p2p.node.admission import Admission
from p2p.node.couriers import Couriers
from p2p.node.dialing import Dialer
from p2p.node.keys import RoomSecrets
from p2p.overlay.mesh import ROOM_LIMIT, Mesh
from p2p.room.allowance import Allowance, Rate
from p2p.room.room import Room
from p2p.room.stage import GONE
from p2p.wire.addresses import Address, Scope
from p2p.wire.codec import Message, have_messages, pages
from p2p.wire.messages import (
    Bye,
    Carry,
    Have,
    Near,
    NearMember,
    Ops,
)

SILENT_S = 3.0
CARRIED_LASTS_S = 4.0
MOVED_SILENT_S = 1.5
MOVED_FOR_S = 6.0
GLARE_S = 2.0
ASK_AGAIN_EVERY_S = 15.0
CARRY_RATE = Rate(burst=60.0, per_s=10.0)
MESSAGE_RATE = Rate(burst=256.0, per_s=60.0)
HAVE_RATE = Rate(burst=6.0, per_s=0.5)
MESSAGES_AT_ONCE = 16
"""Then sound and the other links get their turn."""


@dataclass(slots=True)
class Neighbour:
    """A member that we have a link with."""

    member: bytes
    line: Line
    since_s: float
    carry: Allowance
    messages: Allowance
    have: Allowance


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the owner wants to know.

    Attributes:
        on_change: Something in the room or of who is here may have changed.
        on_frame: ``(member, frame, arrival_s)`` of each frame on a member's link.
        on_datagram: ``(datagram, toward, answer)`` of a sealed datagram that a member carried.
    """

    on_change: Callable[[], None]
    on_frame: Callable[[bytes, bytes, float], None]
    on_datagram: Callable[[bytes, Address | None, Callable[[bytes], None]], None]


class Members:
    """All links of one member in one room.

    Args:
        station: Ours.
        room: What the members agree on.
        secrets: Ours and the room's.
        couriers: Ways to members behind NAT.
        work: Where links run.
        hooks: The owner's.
        newcomer: We come into a room that is there already.
    """

    def __init__(
        self,
        station: Station,
        room: Room,
        secrets: RoomSecrets,
        couriers: Couriers,
        work: Work,
        hooks: Hooks,
        *,
        newcomer: bool,
    ) -> None:
        self.room = room
        self.mesh = Mesh(secrets.identity.member_id)
        self.neighbours: dict[bytes, Neighbour] = {}
        self._secrets = secrets
        self._work = work
        self._hooks = hooks
        self.admission = Admission(room, secrets, self._has_place, hooks.on_change)
        self.dialer = Dialer(self, station, secrets, couriers, work)
        self._ask_again_s = 0.0
        self._asked = 0
        self._newcomer = newcomer
        self._moved_s = -MOVED_FOR_S

    # --- letting in, and being let in ---------------------------------------------------------

    async def enter(self, line: Line, dh: bytes, expected: bytes | None = None) -> bytes:
        """Asks to be let in over a line that we dialled, and serves it: see ``Admission.ask``."""
        member = await self.admission.ask(line, dh, expected)
        self._add(member, line)
        return member

    async def let_in(self, line: Line, dh: bytes) -> None:
        """Answers a newcomer, or somebody who comes back, over a line that it dialled."""
        member = await self.admission.answer(line, dh)
        if member is not None:
            self._add(member, line)

    async def let_in_through(self, line: CarriedLine, dh: bytes) -> None:
        """The same over a line that somebody carries; what follows goes by other ways."""
        member = await self.admission.answer(line, dh, all_at_once=False)
        if member is not None:
            self.introduced()
            await asyncio.sleep(CARRIED_LASTS_S)
            await line.close()

    def introduced(self) -> None:
        """We have let somebody in, or were let in, without a link to it."""
        self._set_roster(time.monotonic())
        self.pump()

    def _has_place(self, member: bytes) -> bool:
        # Our own links, not what others say of theirs: ghosts must not fill a room.
        return member in self.neighbours or len(self.neighbours) < ROOM_LIMIT - 1

    # --- links ----------------------------------------------------------------------------------

    def _add(self, member: bytes, line: Line) -> None:
        now = time.monotonic()
        old = self.neighbours.get(member)
        if old is not None and old.line.open and now - old.since_s < GLARE_S:
            # Both dialled at once: both ends keep the link that the smaller id asked for.
            mine = self._secrets.identity.member_id < member
            if old.line.dialled == mine and line.dialled != mine:
                self._work.create_task(line.close())
                return
        rates = (Allowance(rate, now) for rate in (CARRY_RATE, MESSAGE_RATE, HAVE_RATE))
        neighbour = Neighbour(member, line, now, *rates)
        self.neighbours[member] = neighbour
        line.link.on_frame = lambda frame, at_s: self._hooks.on_frame(member, frame, at_s)
        if old is not None:
            self._work.create_task(old.line.close())
        scope = line.link.scope
        self._set_roster(now)
        self.mesh.link_up(member, int(Scope.GLOBAL if scope is None else scope), now)
        for question in have_messages(self.room.ids()):
            line.send(question)
        self._work.create_task(self._serve(neighbour))
        self.pump()

    async def _serve(self, neighbour: Neighbour) -> None:
        line = neighbour.line
        try:
            for number in itertools.count(1):
                message = await line.receive()
                try:
                    self._take(neighbour, message)
                except RemoteError as exc:
                    line.breach(str(exc))
                self.pump()
                if number % MESSAGES_AT_ONCE == 0:
                    await asyncio.sleep(0)
        except ConnectionError:
            pass
        finally:
            self._drop(neighbour)
            await line.close()

    def _drop(self, neighbour: Neighbour) -> None:
        if self.neighbours.get(neighbour.member) is neighbour:
            address = neighbour.line.link.remote_address
            if address is not None:
                self.dialer.note_address(neighbour.member, address)
            del self.neighbours[neighbour.member]
            self.mesh.link_down(neighbour.member, time.monotonic())
            self._hooks.on_change()

    def _take(self, neighbour: Neighbour, message: Message) -> None:
        now = time.monotonic()
        if not neighbour.messages.take(now):
            raise RemoteError("talks too much")
        match message:
            case Ops(ops=ops):
                self._take_ops(ops, neighbour.member, now)
            case Have(ids=ids, first=first, last=last):
                if not neighbour.have.take(now):
                    raise RemoteError("asks too much")
                for page in pages(self.room.missing(ids, first, last)):
                    neighbour.line.send(Ops(page))
            case Near(room_time_ms=room_time_ms, members=members):
                self._secrets.room_time.hear(room_time_ms / 1000, now)
                self.mesh.receive([(m.member, m.scope) for m in members], neighbour.member, now)
                self._hooks.on_change()
            case Carry(to=to, frm=frm, blob=blob):
                if not neighbour.carry.take(now):
                    raise RemoteError("carries too much")
                self._carry(neighbour, to, frm, blob)
            case Bye():
                self._work.create_task(neighbour.line.close())
            case _:
                raise RemoteError("not a message between neighbours")

    def _take_ops(self, ops: tuple[bytes, ...], sender: bytes | None, now: float) -> None:
        for op in ops:
            self.room.receive(op, sender, now)
        self._hooks.on_change()

    # --- carrying -------------------------------------------------------------------------------

    def _carry(self, neighbour: Neighbour, to: bytes, frm: bytes, blob: bytes) -> None:
        me = self._secrets.identity.member_id
        if to != me:
            if frm != neighbour.member:
                raise RemoteError("carry from somebody else")
            target = self.neighbours.get(to)
            if target is not None:  # it may have left a moment ago
                target.line.send(Carry(to, frm, blob))
            return
        widths = dict(self.mesh.carriers(frm))
        width = widths.get(neighbour.member, int(Scope.GLOBAL))
        toward = None if width == Scope.GLOBAL else neighbour.line.link.remote_address

        def answer(datagram: bytes) -> None:
            neighbour.line.send(Carry(frm, me, datagram))

        # Whatever is wrong with it, the neighbour only carried it.
        with contextlib.suppress(RemoteError):
            self._hooks.on_datagram(blob, toward, answer)

    # --- time and change ------------------------------------------------------------------------

    def pump(self) -> None:
        """Sends what room and mesh have to say, dials whom the mesh wants dialled."""
        now = time.monotonic()
        for out in self.room.to_send(now):
            for neighbour in self.neighbours.values():
                if neighbour.member != out.but and out.to in (None, neighbour.member):
                    neighbour.line.send(Ops((out.data,)))
        self._set_roster(now)
        room_time_ms = int(self._secrets.room_time.at(now) * 1000)
        for to, near in self.mesh.to_send(now):
            rows = tuple(NearMember(member, scope) for member, scope in near)
            self.neighbours[to].line.send(Near(room_time_ms, rows))
        for member in self.mesh.to_dial(now):
            known = self.room.state.members.get(member)
            if known is not None:
                self._work.create_task(self.dialer.dial(member, known.dh))

    def tick(self) -> None:
        """Five times a second: silence, timers, and asking again for what may be missing."""
        now = time.monotonic()
        for neighbour in list(self.neighbours.values()):
            line = neighbour.line
            gone = neighbour.member in self.room.state.removed
            if gone or now - line.link.last_heard_s > self._silent_s(now):
                self._drop(neighbour)
                self._work.create_task(line.close())
                if now - self._moved_s < MOVED_FOR_S:
                    # The other end may not know yet, and cannot know where we are.
                    self.mesh.dial_now(neighbour.member, now)
        self.mesh.on_timer(now)
        self.room.on_timer(now)
        if now >= self._ask_again_s and self.neighbours:
            self._ask_again_s = now + ASK_AGAIN_EVERY_S
            some = list(self.neighbours.values())[self._asked % len(self.neighbours)]
            self._asked += 1
            for question in have_messages(self.room.ids()):
                some.line.send(question)
        self.pump()

    def moved(self) -> None:
        """Our address has changed: links that do not follow at once are made anew."""
        self._moved_s = time.monotonic()

    def _silent_s(self, now: float) -> float:
        return MOVED_SILENT_S if now - self._moved_s < MOVED_FOR_S else SILENT_S

    def gone(self) -> set[bytes]:
        """Public keys of the members that are not here any more."""
        me = self._secrets.identity.member_id
        members = self.room.state.members.values()
        return {m.dh for m in members if m.id != me and not self.mesh.is_here(m.id)}

    def _set_roster(self, now: float) -> None:
        state = self.room.state
        roster = [m.id for m in state.members.values() if m.stage not in GONE]
        self.mesh.set_roster(roster, now, newcomer=self._newcomer)
        self._newcomer = False

    async def leave(self) -> None:
        """Says goodbye on every link and ends them."""
        self.pump()
        for neighbour in self.neighbours.values():
            neighbour.line.send(Bye())
        await asyncio.gather(*(n.line.close() for n in list(self.neighbours.values())))
