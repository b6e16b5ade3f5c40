"""The other members, by whatever way they are reached: links of our own, and relays."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

from p2p.errors import RemoteError
from p2p.link.carried import CarriedLine
from p2p.link.dial import Station
from p2p.link.line import Line
from p2p.link.work import Work
from p2p.mesh.mesh import ROOM_LIMIT, Mesh
from p2p.node.peers.admission import Admission
from p2p.node.peers.dialer import Dialer
from p2p.node.peers.dispatch import Dispatch, DispatchHooks
from p2p.node.peers.group_key import GroupKey
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.relays.relay_room import RelayRoom
from p2p.node.secrets import RoomSecrets
from p2p.room.room import Room
from p2p.room.stage import GONE
from p2p.token_bucket import Allowance, Rate
from p2p.wire.addresses import Address, Scope
from p2p.wire.codec import Message, have_messages
from p2p.wire.messages import (
    AskKeys,
    Bye,
    Carry,
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
MESSAGES_AT_ONCE = 16
"""Then sound and the other links get their turn."""


@dataclass(slots=True)
class Neighbour:
    """A member that we have a link with."""

    member: bytes
    line: Line
    since_s: float
    carry: Allowance


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the owner wants to know.

    Attributes:
        on_change: Something in the room or of who is here may have changed.
        on_frame: ``(member, frame, arrival_s)`` of each frame on a member's link.
        on_datagram: ``(datagram, toward, answer)`` of a sealed datagram that a member carried.
        on_relay_frame: ``(frame, arrival_s)`` of each frame of a relay: see ``RelayHooks``.
        on_keys: Keys have come: frames that waited for them may open.
        on_wait: We have to wait outside until a moderator lets us in.
    """

    on_change: Callable[[], None]
    on_frame: Callable[[bytes, bytes, float], None]
    on_datagram: Callable[[bytes, Address | None, Callable[[bytes], None]], None]
    on_relay_frame: Callable[[bytes, float], bool] = lambda _frame, _arrival_s: True
    on_keys: Callable[[], None] = lambda: None
    on_wait: Callable[[], None] = lambda: None


class Peers:
    """All others, as one member sees them.

    Args:
        station: Ours.
        room: What the members agree on.
        secrets: Ours and the room's.
        relay_links: Ways to members behind NAT.
        work: Where links run.
        hooks: The owner's.
        newcomer: We come into a room that is there already.
        hidden: We make no links with members; everything goes by relays.

    Attributes:
        dispatch: What we say and hear; ``settle`` it once the room's key is here.
    """

    def __init__(
        self,
        station: Station,
        room: Room,
        secrets: RoomSecrets,
        relay_links: RelayLinks,
        work: Work,
        hooks: Hooks,
        *,
        newcomer: bool,
        hidden: bool = False,
    ) -> None:
        self.room = room
        self.mesh = Mesh(secrets.identity.member_id, dials=not hidden)
        self.neighbours: dict[bytes, Neighbour] = {}
        exchange_hooks = DispatchHooks(
            hooks.on_change,
            self._attached_changed,
            hooks.on_relay_frame,
            hooks.on_keys,
            self.pump,
            self._send_ops,
        )
        self.dispatch = Dispatch(
            station, room, secrets, relay_links, work, self._lines, exchange_hooks
        )
        self._secrets = secrets
        self._work = work
        self._hooks = hooks
        self.admission = Admission(room, secrets, self._has_place, self._let_know, hooks.on_wait)
        self.dialer = Dialer(self, station, secrets, relay_links, work)
        self._ask_again_s = 0.0
        self._asked = 0
        self._newcomer = newcomer
        self._moved_s = -MOVED_FOR_S

    @property
    def group_key(self) -> GroupKey | None:
        """The room's key as it changes; None until we have settled in."""
        return self.dispatch.group_key

    @property
    def relay_room(self) -> RelayRoom | None:
        """Our relays; None until we have settled in."""
        return self.dispatch.relay_room

    # --- letting in, and being let in ---------------------------------------------------------

    async def enter(self, line: Line, dh: bytes, expected: bytes | None = None) -> bytes:
        """Asks to be let in over a line that we dialled, and serves it: see ``Admission.ask``."""
        member = await self.admission.ask(line, dh, expected)
        self._add(member, line)
        return member

    async def let_in(self, line: Line, dh: bytes) -> None:
        """Answers a newcomer, or somebody who comes back, over a line that it dialled."""
        first = await self.admission.first_message(line)
        member = None if first is None else await self.admission.answer(line, dh, first)
        if member is not None:
            self._add(member, line)

    async def let_in_through(self, line: CarriedLine, dh: bytes) -> None:
        """The same over a line that somebody carries; members also ask for keys that way."""
        first = await self.admission.first_message(line)
        if isinstance(first, AskKeys):
            if not self.dispatch.serve(dh, line, first):
                await line.close()
        elif first is not None:
            member = await self.admission.answer(line, dh, first, all_at_once=False)
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
        neighbour = Neighbour(member, line, now, Allowance(CARRY_RATE, now))
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
        if self.dispatch.take(neighbour.member, message, now):
            return
        match message:
            case Near(members=members):
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

    def _lines(self) -> dict[bytes, Line]:
        return {member: neighbour.line for member, neighbour in self.neighbours.items()}

    def _attached_changed(self) -> None:
        """Who is attached has changed, or by what relay we are."""
        if self.relay_room is not None:
            self.mesh.set_attached(self.relay_room.present, time.monotonic())
        self._hooks.on_change()

    def _let_know(self) -> None:
        """Somebody comes in, or asks to: the others hear of it at once."""
        self._hooks.on_change()
        self._send_ops()

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
        """Sends what room, keys and mesh have to say, dials whom the mesh wants dialled."""
        now = time.monotonic()
        self._send_ops()
        if self.group_key is not None:
            self.group_key.pump()
            self._send_ops()
        self._set_roster(now)
        room_time_ms = int(self._secrets.room_time.at(now) * 1000)
        for to, near in self.mesh.to_send(now):
            rows = tuple(NearMember(member, scope) for member, scope in near)
            self.neighbours[to].line.send(Near(room_time_ms, rows))
        for member in self.mesh.to_dial(now):
            known = self.room.state.members.get(member)
            if known is not None:
                self._work.create_task(self.dialer.dial(member, known.dh))

    def _send_ops(self) -> None:
        new = self.room.to_send(time.monotonic())
        for out in new:
            if out.to is not None:
                self.dispatch.say(out.to, Ops((out.data,)))
                continue
            for neighbour in self.neighbours.values():
                if neighbour.member != out.but:
                    neighbour.line.send(Ops((out.data,)))
        if self.relay_room is not None and new:
            self.relay_room.pass_on(out.data for out in new if out.to is None)
        if new:
            self._cut_removed()

    def _cut_removed(self) -> None:
        removed = self.room.state.removed
        for member in [m for m in self.neighbours if m in removed]:
            line = self.neighbours[member].line
            self._drop(self.neighbours[member])
            self._work.create_task(line.close())

    def tick(self) -> None:
        """Five times a second: silence, timers, and asking again for what may be missing."""
        now = time.monotonic()
        for neighbour in list(self.neighbours.values()):
            line = neighbour.line
            if now - line.link.last_heard_s > self._silent_s(now):
                self._drop(neighbour)
                self._work.create_task(line.close())
                if now - self._moved_s < MOVED_FOR_S:
                    # The other end may not know yet, and cannot know where we are.
                    self.mesh.dial_now(neighbour.member, now)
        self._cut_removed()
        self.mesh.on_timer(now)
        self._observe(now)
        removed = self.room.state.removed
        self.room.on_timer(now)
        if self.group_key is not None and self.room.state.removed != removed:
            # Whom we turned out by ourselves may have been given keys at a door.
            self.group_key.new_key(shut_out=True)
        if now >= self._ask_again_s and self.neighbours:
            self._ask_again_s = now + ASK_AGAIN_EVERY_S
            some = list(self.neighbours.values())[self._asked % len(self.neighbours)]
            self._asked += 1
            for question in have_messages(self.room.ids()):
                some.line.send(question)
        self.pump()

    def _observe(self, now: float) -> None:
        """Lets room, keys and relays know who is here."""
        here = [m for m in self.room.state.members if self.mesh.is_here(m)]
        self.room.observe_present(here, now)
        afar: set[bytes] = set()
        if self.relay_room is not None:
            afar = self.relay_room.present
            self.relay_room.tick(here, now)
        if self.group_key is not None:
            self.group_key.observe(here, afar | self.neighbours.keys())

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
