"""Our seats at relays: one that we hear and speak through, and one in reserve, always warm.

Theory of operation::

    relays known --(reach, Open, Pass)--> reserve --(the first is silent, stops, loses)--> first

- The reserve is attached and gets messages and heartbeats, no sound. Taking it costs one ``Tune``.
- A relay that lives is heard every 0.15 s. Three beats missing, and the reserve takes over.
- The relays that the room names are joined to each other, others are not: a seat at one of them is
  taken rather than another, also later.
- Sound that the first drops, delays, doubles or changes shows (``comparison``).
- When the first relay says that it stops, both carry our sound and bring us everybody's for a
  while; the listener's replay window throws doubles away, so nothing is missing or doubled.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from crypto.contact import Contact
from crypto.ids import DhKey, MemberId
from p2p.clock import to_beat
from p2p.errors import RemoteError
from p2p.node.inbox import FirstRelayChanged, Inbox, PresenceChanged
from p2p.node.relays.comparison import OVERLAP_S, Comparison
from p2p.node.relays.relay_choice import RelayChoice
from p2p.node.relays.relay_link import RelayLink
from p2p.node.relays.relay_session import FrameSink, RelaySession, RoomSide
from p2p.trace import trace

SEATS_WANTED = 2
TICK_S = 0.05
SILENT_S = 0.45
"""Three heartbeats: the first relay may be gone."""
ROUTE_EVERY_S = 1.0


class Tasks(Protocol):
    """Where work runs."""

    def create_task(self, work: Coroutine[Any, Any, object]) -> "asyncio.Task[None]":
        """Starts a child."""
        ...


class Reaches(Protocol):
    """Makes links to relays."""

    async def get(self, contact: Contact) -> RelayLink:
        """The link to a relay; raises TimeoutError or RemoteError."""
        ...


class RouteClaim:
    """By which relay our sound comes in: relays must know.

    Args:
        side: Says in which slot we speak.
        now: Monotonic seconds.
    """

    def __init__(self, side: RoomSide, now: float) -> None:
        self._side = side
        self._seq = int(now * 1000)
        self._said_s = now

    def say(self, first: RelaySession, now: float) -> None:
        """Says a new way to the relay that we speak through."""
        if self._side.slot is not None:
            self._seq += 1
            self._send(first, self._side.slot, now)

    def repeat(self, first: RelaySession, now: float) -> None:
        """Says the same again now and then: the relay may have got it before the grant."""
        if self._side.slot is not None and now - self._said_s > ROUTE_EVERY_S:
            self._send(first, self._side.slot, now)

    def _send(self, first: RelaySession, slot: int, now: float) -> None:
        self._said_s = now
        first.send_route(slot, self._seq)


@dataclass(slots=True)
class _Entering:
    """Relays that we are about to sit at.

    Attributes:
        keys: Theirs.
        changed: One of them took us or did not, or there are others to choose from.
    """

    keys: set[DhKey] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Failover:
    """All seats of one member in one room.

    Args:
        side: Ours.
        inbox: Takes what all relays say of the room, and when another relay is the first.
        frames: Takes the sound that they bring.
        links: Makes links.
        tasks: Where attaching runs.
        now: Monotonic seconds.

    Attributes:
        seats: The first, through which we hear and speak, and the reserve.
        comparison: Whether the first does well.
    """

    def __init__(
        self,
        side: RoomSide,
        inbox: Inbox,
        frames: FrameSink,
        links: Reaches,
        tasks: Tasks,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seats: list[RelaySession] = []
        self.comparison = Comparison(now())
        self._side = side
        self._inbox = inbox
        self._frames = frames
        self._links = links
        self._tasks = tasks
        self._now = now
        self._choice = RelayChoice()
        self._route = RouteClaim(side, now())
        self._leaving: list[tuple[RelaySession, float]] = []
        self._entering = _Entering()

    @property
    def first(self) -> RelaySession | None:
        """The relay that we hear and speak through."""
        return self.seats[0] if self.seats else None

    @property
    def counters(self) -> Counter[str]:
        """Refusals of relays, and why we changed them."""
        return self._side.counters

    @property
    def refused(self) -> dict[DhKey, str]:
        """Why relays did not take us, last word of each by its key."""
        return self._choice.refused

    @property
    def present(self) -> set[MemberId]:
        """Everybody who is attached somewhere that we know of, ourselves included."""
        return set().union(*(seat.present for seat in self.seats))

    def set_relays(self, relays: Sequence[Contact]) -> None:
        """Which relays may be used, the best first; those of others are let go."""
        self._choice.set_relays(relays)
        keys = {contact.dh for contact in relays}
        for seat in [s for s in self.seats if s.link.contact.dh not in keys]:
            self._drop(seat)
        self._entering.changed.set()

    def set_named(self, keys: Collection[DhKey]) -> None:
        """Which relays the room names; they join each other."""
        self._choice.set_named(keys)
        self._entering.changed.set()

    def pass_changed(self) -> None:
        """We hold another pass: relays that refused the one before are tried again at once."""
        self._choice.pass_changed()
        self._entering.changed.set()

    @property
    def useful(self) -> list[Contact]:
        """The relays that we may use and that did not say no, those where we sit first."""
        return self._choice.useful([seat.link.contact for seat in self.seats])

    def set_slot(self, slot: int | None) -> None:
        """We may be heard in this slot; relays must know by which way we come."""
        if slot != self._side.slot:
            self._side.slot = slot
            if self.seats:
                self._route.say(self.seats[0], self._now())

    def send_frame(self, frame: bytes) -> bool:
        """Sends our own frame, hop byte in front; while we move, by both ways.

        Returns:
            False if it is lost.
        """
        self.comparison.said(frame, self._now())
        ways = [*self.seats[:1], *(seat for seat, _ in self._leaving)]
        return sum(seat.send_frame(frame) for seat in ways) > 0

    def try_another(self, why: str = "unchecked") -> None:
        """The first may keep something from us: the reserve takes its place, if there is one."""
        if len(self.seats) > 1:
            self._take_reserve(why)

    async def run(self) -> None:
        """Keeps the seats until cancelled."""
        try:
            while True:
                self._entering.changed.clear()
                self.tick()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._rest_s()):
                        await self._entering.changed.wait()
        finally:
            for seat in [*self.seats, *(seat for seat, _ in self._leaving)]:
                await seat.link.close()

    def _rest_s(self) -> float:
        """How long nothing comes due that may not be late."""
        now = self._now()
        due_s = [until_s for _, until_s in self._leaving]
        if len(self.seats) > 1:
            due_s.append(self.seats[0].heard_s + SILENT_S)
        return min([to_beat(now, TICK_S), *(max(TICK_S, at_s - now) for at_s in due_s)])

    def tick(self) -> None:
        """Looks after everything once; ``run`` does so five times a second, and when it must."""
        now = self._now()
        for seat in [s for s in self.seats if not s.open]:
            self._drop(seat)
        for seat, until_s in list(self._leaving):
            if now >= until_s or not seat.open:
                self._leaving.remove((seat, until_s))
                if seat not in self.seats:
                    self._tasks.create_task(seat.link.close())
        self._move_on(now)
        if fault := self.comparison.listen(self.seats, self._side.slot, now):
            self._take_reserve(fault)
        self._fill(now)
        if self.seats:
            self._route.repeat(self.seats[0], now)
        for seat in self.seats:
            seat.tick(now)

    def _move_on(self, now: float) -> None:
        """Changes to the reserve if the first is silent, stops or loses too much."""
        for seat in self.seats[1:]:
            if seat.moving_since_s is not None:
                self._let_go(seat)
        while len(self.seats) > SEATS_WANTED:
            surplus = [seat for seat in self.seats[1:] if not self._is_named(seat)]
            self._let_go((surplus or self.seats)[-1])
        if len(self.seats) < 2:
            return
        first, reserve = self.seats[0], self.seats[1]
        if first.moving_since_s is not None:
            self._leaving.append((first, now + OVERLAP_S))
            self.seats.remove(first)
            self._choice.wait(first.link.contact, now)
            self._lead(reserve, "moving")
        elif now - first.heard_s > SILENT_S >= now - reserve.heard_s:
            self._take_reserve("silent")
        elif self._is_named(reserve) and not self._is_named(first):
            self._take_reserve("named")
        elif fault := self.comparison.judge(first, now):
            self._take_reserve(fault)

    def _is_named(self, seat: RelaySession) -> bool:
        return self._choice.is_named(seat.link.contact)

    def _take_reserve(self, why: str) -> None:
        """The reserve becomes the first, and the first the reserve if it lives."""
        old, new = self.seats[0], self.seats[1]
        self.seats[:2] = [new, old]
        self._leaving.append((old, self._now() + OVERLAP_S))
        self._lead(new, why)

    def _let_go(self, seat: RelaySession) -> None:
        self._drop(seat)
        self._tasks.create_task(seat.link.close())

    def _lead(self, seat: RelaySession, why: str) -> None:
        now = self._now()
        trace("relay_first", why=why)
        self._side.counters[f"changed: {why}"] += 1
        self.comparison.changed(now)
        seat.tune(on=True)
        self._route.say(seat, now)
        self._tasks.create_task(self._hush())
        self._inbox.post(FirstRelayChanged())

    async def _hush(self) -> None:
        """Once the new first brings the sound, the reserve need not."""
        await asyncio.sleep(OVERLAP_S)
        for seat in self.seats[1:]:
            seat.tune(on=False)

    def _fill(self, now: float) -> None:
        """Attaches to one more relay where there are too few, or too few that the room names."""
        count = len(self.seats) + len(self._entering.keys)
        named = sum(self._is_named(seat) for seat in self.seats)
        if count > SEATS_WANTED or (count == SEATS_WANTED == named):
            return
        taken = {seat.link.contact.dh for seat in self.seats} | self._entering.keys
        taken |= {seat.link.contact.dh for seat, _ in self._leaving}
        relay = self._choice.next(taken, now)
        if relay is not None and (count < SEATS_WANTED or self._choice.is_named(relay)):
            self._entering.keys.add(relay.dh)
            self._tasks.create_task(self._enter(relay))

    async def _enter(self, relay: Contact) -> None:
        refusal = "no_answer"
        try:
            with contextlib.suppress(TimeoutError, RemoteError):
                link = await self._links.get(relay)
                seat = RelaySession(link, self._side, self._inbox, self._frames, self._now)
                refusal = await seat.enter()
        finally:
            self._entering.keys.discard(relay.dh)
            self._entering.changed.set()
        if refusal or not seat.open:
            trace("seat_refused", why=refusal or "no_answer")
            self._choice.refused_us(relay, refusal or "no_answer", self._now())
            return
        self._choice.took_us(relay)
        trace("seat_taken", seats=len(self.seats) + 1)
        self._sit_down(seat)

    def _sit_down(self, seat: RelaySession) -> None:
        unnamed = [n for n, other in enumerate(self.seats) if n and not self._is_named(other)]
        first_unnamed = unnamed[0] if unnamed and self._is_named(seat) else len(self.seats)
        self.seats.insert(first_unnamed, seat)
        if seat is self.seats[0]:
            self._lead(seat, "attached")
        else:
            seat.tune(on=False)
        self._inbox.post(PresenceChanged())

    def _drop(self, seat: RelaySession) -> None:
        was_first = seat is self.seats[0]
        trace("seat_lost", first=was_first, seats=len(self.seats) - 1)
        self.seats.remove(seat)
        self._choice.wait(seat.link.contact, self._now())
        if was_first and self.seats:
            self._lead(self.seats[0], "lost")
        elif was_first:
            self._inbox.post(FirstRelayChanged())
        self._inbox.post(PresenceChanged())
