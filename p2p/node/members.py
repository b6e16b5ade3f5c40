"""The other members, by whatever way they are reached: links of our own, and relays."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

from crypto.dh import KeyPair
from p2p.errors import RemoteError
from p2p.link.carried import CarriedLine
from p2p.link.line import Line
from p2p.link.reach import Station
from p2p.link.work import Work
from p2p.node.admission import Admission
from p2p.node.couriers import Couriers
from p2p.node.dialing import Dialer
from p2p.node.keys import RoomSecrets
from p2p.node.privately import PrivateLines
from p2p.node.rekeying import KeyHooks, Rekeying
from p2p.node.relaying import RelayHooks, Relaying
from p2p.overlay.begin import slice_wraps
from p2p.overlay.mesh import ROOM_LIMIT, Mesh
from p2p.room.allowance import Allowance, Rate
from p2p.room.room import Room
from p2p.room.stage import GONE
from p2p.wire.addresses import Address, Scope
from p2p.wire.codec import Message, have_messages, pages
from p2p.wire.messages import (
    AskKeys,
    Bye,
    Carry,
    GiveKeys,
    Have,
    Near,
    NearMember,
    Ops,
    Wraps,
)
from p2p.wire.relay_messages import EVERYBODY

SILENT_S = 3.0
CARRIED_LASTS_S = 4.0
MOVED_SILENT_S = 1.5
MOVED_FOR_S = 6.0
GLARE_S = 2.0
ASK_AGAIN_EVERY_S = 15.0
CARRY_RATE = Rate(burst=60.0, per_s=10.0)
MESSAGE_RATE = Rate(burst=256.0, per_s=60.0)
HAVE_RATE = Rate(burst=6.0, per_s=0.5)
RATES_MAX = 1024
MESSAGES_AT_ONCE = 16
"""Then sound and the other links get their turn."""


@dataclass(slots=True)
class Neighbour:
    """A member that we have a link with."""

    member: bytes
    line: Line
    since_s: float
    carry: Allowance


@dataclass(slots=True)
class _Rates:
    """How much one member may say, over all its ways."""

    messages: Allowance
    have: Allowance


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the owner wants to know.

    Attributes:
        on_change: Something in the room or of who is here may have changed.
        on_frame: ``(member, frame, arrival_s)`` of each frame on a member's link.
        on_datagram: ``(datagram, toward, answer)`` of a sealed datagram that a member carried.
        on_relay_frame: ``(frame, arrival_s)`` of each frame that a relay brings.
        on_keys: Keys have come: frames that waited for them may open.
    """

    on_change: Callable[[], None]
    on_frame: Callable[[bytes, bytes, float], None]
    on_datagram: Callable[[bytes, Address | None, Callable[[bytes], None]], None]
    on_relay_frame: Callable[[bytes, float], None]
    on_keys: Callable[[], None]


class Members:
    """All others, as one member sees them.

    Args:
        station: Ours.
        room: What the members agree on.
        secrets: Ours and the room's.
        couriers: Ways to members behind NAT.
        work: Where links run.
        hooks: The owner's.
        newcomer: We come into a room that is there already.
        hidden: We make no links with members; everything goes by relays.

    Attributes:
        rekeying: The room's key as it changes; None until ``settle``.
        relaying: Our relays; None until ``settle``.
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
        hidden: bool = False,
    ) -> None:
        self.room = room
        self.mesh = Mesh(secrets.identity.member_id, dials=not hidden)
        self.rekeying: Rekeying | None = None
        self.relaying: Relaying | None = None
        self._private = PrivateLines(station, secrets, couriers, work, self._take_private)
        self._rates: dict[bytes, _Rates] = {}
        self._couriers = couriers
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

    def settle(self, recv: KeyPair) -> tuple[Rekeying, Relaying]:
        """We hold the room's key: we take part in changing it, and may go by relays.

        Args:
            recv: The receive key that our join named.
        """
        key_hooks = KeyHooks(self.say, self._keys_came)
        self.rekeying = Rekeying(self.room, self._secrets, recv, key_hooks)
        relay_hooks = RelayHooks(self._take_from_afar, self._hooks.on_relay_frame, self._changed)
        self.relaying = Relaying(self.room, self._secrets, self._couriers, self._work, relay_hooks)
        return self.rekeying, self.relaying

    def say(self, to: bytes | None, message: Message) -> None:
        """Sends a message by the best way there is.

        Args:
            to: A member; None for everybody.
            message: Keys go only over lines that end at the member.
        """
        if isinstance(message, Wraps):
            self._spread(message)
            return
        neighbour = None if to is None else self.neighbours.get(to)
        if neighbour is not None:
            neighbour.line.send(message)
        elif to is not None and isinstance(message, AskKeys | GiveKeys):
            known = self.room.state.members.get(to)
            if known is not None:
                self._private.say(to, known.dh, message)
        elif self.relaying is not None:
            self.relaying.say(message, to or EVERYBODY)

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
            asker = [m.id for m in self.room.roster() if m.dh == dh]
            if asker:
                self._private.serve(asker[0], line, first)
            else:
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
        if self._take_any(neighbour.member, message, now):
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

    def _take_any(self, frm: bytes, message: Message, now: float) -> bool:
        """Takes what a member may say by any way; False if there is more to do about it."""
        rates = self._rates.get(frm)
        if rates is None:
            if len(self._rates) >= RATES_MAX:
                del self._rates[next(iter(self._rates))]
            rates = self._rates[frm] = _Rates(
                Allowance(MESSAGE_RATE, now), Allowance(HAVE_RATE, now)
            )
        if not rates.messages.take(now):
            raise RemoteError("talks too much")
        match message:
            case Ops(ops=ops):
                self._take_ops(ops, frm, now)
            case Have(ids=ids, first=first, last=last):
                if not rates.have.take(now):
                    raise RemoteError("asks too much")
                for page in pages(self.room.missing(ids, first, last)):
                    self.say(frm, Ops(page))
            case Near(room_time_ms=room_time_ms):
                self._secrets.room_time.hear(room_time_ms / 1000, now)
                return False
            case _:
                return self.rekeying is not None and self.rekeying.take(message, frm)
        return True

    def _take_from_afar(self, frm: bytes, message: Message) -> None:
        """What came through a relay, sealed to the room; the relay names the sender."""
        if isinstance(message, AskKeys | GiveKeys | Carry):
            raise RemoteError("not for everybody's eyes")
        self._take_any(frm, message, time.monotonic())
        self.pump()

    def _take_private(self, frm: bytes, message: Message) -> None:
        if not isinstance(message, AskKeys | GiveKeys):
            raise RemoteError("not on a line for keys")
        self._take_any(frm, message, time.monotonic())
        self.pump()

    def _spread(self, message: Wraps) -> None:
        """Gives every neighbour its wrap, and the relays those of the others."""
        self._send_ops()  # a wrap is of use once its epoch is known
        epoch = self.room.state.epochs.get(message.epoch_id)
        if epoch is None:
            return
        for neighbour in self.neighbours.values():
            wraps = slice_wraps(message.wraps, epoch.ephemeral, [neighbour.member])
            if wraps:
                neighbour.line.send(Wraps(message.epoch_id, wraps))
        if self.relaying is not None:
            self.relaying.send_wraps(message)

    def _keys_came(self) -> None:
        self._hooks.on_keys()
        if self.relaying is not None:
            self.relaying.retry(time.monotonic())

    def _changed(self) -> None:
        """Who is attached has changed, or by what relay we are."""
        if self.relaying is not None:
            self.mesh.set_attached(self.relaying.present, time.monotonic())
        self._hooks.on_change()

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
        """Sends what room, keys and mesh have to say, dials whom the mesh wants dialled."""
        now = time.monotonic()
        self._send_ops()
        if self.rekeying is not None:
            self.rekeying.pump()
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
            for neighbour in self.neighbours.values():
                if neighbour.member != out.but and out.to in (None, neighbour.member):
                    neighbour.line.send(Ops((out.data,)))
        if self.relaying is not None and new:
            self.relaying.pass_on(out.data for out in new)
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
        self.room.on_timer(now)
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
        if self.relaying is not None:
            afar = self.relaying.present
            self.relaying.tick(here, now)
        if self.rekeying is not None:
            self.rekeying.observe(here, afar | self.neighbours.keys())

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
