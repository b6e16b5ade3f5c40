"""Our seats at relays: one that we hear and speak through, and one in reserve, always warm.

Theory of operation::

    relays known --(reach, Open, Pass)--> reserve --(the first is silent, stops, loses)--> first

- The reserve is attached and gets messages and heartbeats, no sound. Taking it costs one ``Tune``.
- A relay that lives is heard every 0.15 s. Three beats missing, and the reserve takes over.
- The relays that the room names are joined to each other, others are not: a seat at one of them is
  taken rather than another, also later.
- Twice a minute the reserve brings the sound as well, for a second: what the first drops or delays
  shows beside it. What comes double, in disorder or changed shows by itself.
- When the first relay says that it stops, both carry our sound and bring us everybody's for a
  while; the listener's replay window throws doubles away, so nothing is missing or doubled.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import replace
from typing import Any, Protocol

from crypto.contact import Contact
from p2p.errors import RemoteError
from p2p.mesh.relay_quality import Fault, Quality
from p2p.mesh.seen import Seen
from p2p.node.relays.relay_links import RelayLink
from p2p.node.relays.relay_session import RelaySession, RoomSide
from p2p.room.ops.ids import MemberId, OpId
from p2p.wire.hop import for_tree, tree_slot

SEATS_WANTED = 2
TICK_S = 0.05
SILENT_S = 0.45
"""Three heartbeats: the first relay may be gone."""

OVERLAP_S = 1.0
LISTEN_EVERY_S = 30.0
LISTEN_S = 1.0
LATEST_S = 0.5
"""What has not come by the first relay so much later than by the reserve is missing."""
STAY_S = 10.0
"""After a change for better sound the next one waits; the loss may be the speaker's."""
JUDGED_EVERY_S = 0.5

ROUTE_EVERY_S = 1.0
RETRY_S = 1.0
RETRY_MAX_S = 30.0


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


class Failover:
    """All seats of one member in one room.

    Args:
        side: Ours. ``on_gossip`` and the rest are called for all relays; gossip that comes by two
            ways is passed on once.
        relay_links: Makes links.
        tasks: Where attaching runs.
        now: Monotonic seconds.

    Attributes:
        on_change: Called when another relay is the first, or none is.
        refused: Why relays did not take us, last word of each by its key.
    """

    def __init__(
        self,
        side: RoomSide,
        relay_links: Reaches,
        tasks: Tasks,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self.refused: dict[bytes, str] = {}
        self._side = replace(side, on_gossip=self._gossip, on_frame=self._frame)
        self._take_gossip = side.on_gossip
        self._take_frame = side.on_frame
        self._seen = Seen()
        self._relay_links = relay_links
        self._tasks = tasks
        self._now = now
        self._relays: list[Contact] = []
        self._named: frozenset[bytes] = frozenset()
        self._seats: list[RelaySession] = []  # the first is the one we speak through
        self._leaving: list[tuple[RelaySession, float]] = []
        self._entering: set[bytes] = set()
        self._waits: dict[bytes, tuple[float, float]] = {}
        self._slot: int | None = None
        self._route_seq = int(now() * 1000)
        self._routed_s = now()
        self._changed_s = now() - STAY_S
        self._judged_s = now() - JUDGED_EVERY_S
        self._said = Quality()
        self._listening: tuple[RelaySession, float] | None = None
        self._listened_s = now()

    @property
    def first(self) -> RelaySession | None:
        """The relay that we hear and speak through."""
        return self._seats[0] if self._seats else None

    @property
    def seats(self) -> list[RelaySession]:
        """The first and the reserve."""
        return list(self._seats)

    @property
    def present(self) -> set[MemberId]:
        """Everybody who is attached somewhere that we know of, ourselves included."""
        return set().union(*(seat.present for seat in self._seats))

    def set_relays(self, relays: Sequence[Contact]) -> None:
        """Which relays may be used, the best first; those of others are let go."""
        self._relays = list(relays)
        keys = {contact.dh for contact in relays}
        for seat in [s for s in self._seats if s.link.contact.dh not in keys]:
            self._drop(seat)

    def set_named(self, keys: Collection[bytes]) -> None:
        """Which relays the room names; they join each other."""
        self._named = frozenset(keys)

    @property
    def useful(self) -> list[Contact]:
        """The relays that we may use and that did not say no, those where we sit first."""
        seated = [seat.link.contact for seat in self._seats]
        taken = {contact.dh for contact in seated} | self.refused.keys()
        return [*seated, *(contact for contact in self._relays if contact.dh not in taken)]

    def set_slot(self, slot: int | None) -> None:
        """We may be heard in this slot; relays must know by which way we come."""
        if slot != self._slot:
            self._slot = slot
            self._say_route()

    def send_frame(self, frame: bytes) -> bool:
        """Sends our own frame, hop byte in front; while we move, by both ways.

        Returns:
            False if it is lost.
        """
        self._said.heard(for_tree(frame), self._now())
        ways = [*self._seats[:1], *(seat for seat, _ in self._leaving)]
        return sum(seat.send_frame(frame) for seat in ways) > 0

    def send_floor(self, ops: Sequence[bytes]) -> None:
        """Says new floor operations to all relays that we are at."""
        for seat in self._seats:
            seat.send_floor(ops)

    def send_gossip(self, to: MemberId, blob: bytes) -> bool:
        """Says something sealed to one member, or to all; False if there is no relay."""
        if self.first is not None:
            self.first.send_gossip(to, blob)
        return self.first is not None

    def send_wraps(self, epoch: OpId, wraps: Sequence[bytes]) -> None:
        """Hands in the wraps of an epoch that we made; its operation must have gone before."""
        for seat in self._seats:
            seat.send_wraps(epoch, wraps)

    async def run(self) -> None:
        """Keeps the seats until cancelled."""
        try:
            while True:
                self.tick()
                await asyncio.sleep(TICK_S)
        finally:
            for seat in [*self._seats, *(seat for seat, _ in self._leaving)]:
                await seat.link.close()

    def tick(self) -> None:
        """Looks after everything once; ``run`` does so twenty times a second."""
        now = self._now()
        for seat in [s for s in self._seats if not s.open]:
            self._drop(seat)
        for seat, until_s in list(self._leaving):
            if now >= until_s or not seat.open:
                self._leaving.remove((seat, until_s))
                if seat not in self._seats:
                    self._tasks.create_task(seat.link.close())
        self._move_on(now)
        self._listen(now)
        self._fill(now)
        if now - self._routed_s > ROUTE_EVERY_S:
            self._say_route(again=True)  # a relay may have got it before the grant
        for seat in self._seats:
            seat.tick(now)

    def _gossip(self, frm: MemberId, blob: bytes) -> None:
        """While we change relays it may come by both."""
        if self._seen.is_new(frm, blob):
            self._take_gossip(frm, blob)

    def _move_on(self, now: float) -> None:
        """Changes to the reserve if the first is silent, stops or loses too much."""
        for seat in self._seats[1:]:
            if seat.moving_since_s is not None:
                self._let_go(seat)
        while len(self._seats) > SEATS_WANTED:
            surplus = [seat for seat in self._seats[1:] if not self._is_named(seat)]
            self._let_go((surplus or self._seats)[-1])
        if len(self._seats) < 2:
            return
        first, reserve = self._seats[0], self._seats[1]
        if first.moving_since_s is not None:
            self._leaving.append((first, now + OVERLAP_S))
            self._seats.remove(first)
            self._wait(first.link.contact.dh, now)
            self._lead(reserve, "moving")
        elif now - first.heard_s > SILENT_S >= now - reserve.heard_s:
            self._take_reserve("silent")
        elif self._is_named(reserve) and not self._is_named(first):
            self._take_reserve("named")
        elif now - max(self._changed_s + STAY_S, self._judged_s + JUDGED_EVERY_S) > 0.0:
            self._judged_s = now  # it counts through all frames of three seconds
            if fault := first.quality.fault(now):
                self._take_reserve(fault)

    def _listen(self, now: float) -> None:
        """Now and then has the reserve bring sound too, and holds the first against it."""
        if self._listening is None:
            quiet_s = max(LISTEN_EVERY_S, OVERLAP_S)  # after a change both bring sound for a while
            if len(self._seats) > 1 and now - self._listened_s > quiet_s:
                self._listening = self._seats[1], now
                self._seats[1].tune(on=True)
            return
        reserve, since_s = self._listening
        if self._seats[1:2] == [reserve] and now - since_s < LISTEN_S + LATEST_S:
            return
        self._listening, self._listened_s = None, now
        if self._seats[1:2] == [reserve]:
            fault = self._compared(self._seats[0].quality, reserve.quality, since_s)
            if fault is None:
                reserve.tune(on=False)
            else:
                self._take_reserve(fault)

    def _compared(self, first: Quality, reserve: Quality, since_s: float) -> Fault | None:
        """What the first relay does to others' sound, or to ours on its way to the reserve.

        Of ours it is to blame only if the reserve brings all the rest.
        """
        until_s, own = since_s + LISTEN_S, self._slot or 0
        found = first.beside(reserve, since_s, until_s, but=own)
        others = reserve.beside(first, since_s, until_s, but=own)
        if own and found == others == "good":
            found = reserve.beside(self._said, since_s, until_s, only=own)
        return None if found == "good" else found

    def _frame(self, frame: bytes, arrival_s: float) -> bool:
        """Our own sound comes back when we sit at two relays; it is for others to hear."""
        if self._slot is not None and tree_slot(frame) == self._slot:
            return True
        return self._take_frame(frame, arrival_s)

    def _is_named(self, seat: RelaySession) -> bool:
        return seat.link.contact.dh in self._named

    def _take_reserve(self, why: str) -> None:
        """The reserve becomes the first, and the first the reserve if it lives."""
        old, new = self._seats[0], self._seats[1]
        self._seats[:2] = [new, old]
        self._leaving.append((old, self._now() + OVERLAP_S))
        self._lead(new, why)

    def _let_go(self, seat: RelaySession) -> None:
        self._drop(seat)
        self._tasks.create_task(seat.link.close())

    def _lead(self, seat: RelaySession, why: str) -> None:
        self._side.counters[f"changed: {why}"] += 1
        self._changed_s = self._listened_s = self._now()
        self._listening = None
        seat.tune(on=True)
        self._say_route()
        self._tasks.create_task(self._hush())
        self.on_change()

    async def _hush(self) -> None:
        """Once the new first brings the sound, the reserve need not."""
        await asyncio.sleep(OVERLAP_S)
        for seat in self._seats[1:]:
            seat.tune(on=False)

    def _say_route(self, *, again: bool = False) -> None:
        if self._slot is not None and self._seats:
            self._route_seq += not again
            self._routed_s = self._now()
            self._seats[0].send_route(self._slot, self._route_seq)

    def _fill(self, now: float) -> None:
        """Attaches to one more relay where there are too few, or too few that the room names."""
        count = len(self._seats) + len(self._entering)
        named = sum(self._is_named(seat) for seat in self._seats)
        if count > SEATS_WANTED or (count == SEATS_WANTED == named):
            return
        taken = {seat.link.contact.dh for seat in self._seats} | self._entering
        taken |= {seat.link.contact.dh for seat, _ in self._leaving}
        ready = [
            contact
            for contact in sorted(self._relays, key=lambda each: each.dh not in self._named)
            if contact.dh not in taken and now >= self._waits.get(contact.dh, (0.0, 0.0))[1]
        ]
        if ready and (count < SEATS_WANTED or ready[0].dh in self._named):
            self._entering.add(ready[0].dh)
            self._tasks.create_task(self._enter(ready[0]))

    async def _enter(self, contact: Contact) -> None:
        refusal = "no_answer"
        try:
            with contextlib.suppress(TimeoutError, RemoteError):
                seat = RelaySession(await self._relay_links.get(contact), self._side, self._now)
                refusal = await seat.enter()
        finally:
            self._entering.discard(contact.dh)
        if refusal or not seat.open:
            self.refused[contact.dh] = refusal or "no_answer"
            self._wait(contact.dh, self._now())
            return
        self.refused.pop(contact.dh, None)
        self._waits.pop(contact.dh, None)
        unnamed = [n for n, other in enumerate(self._seats) if n and not self._is_named(other)]
        first_unnamed = unnamed[0] if unnamed and self._is_named(seat) else len(self._seats)
        self._seats.insert(first_unnamed, seat)
        if seat is self._seats[0]:
            self._lead(seat, "attached")
        else:
            seat.tune(on=False)
        self._side.on_present()

    def _drop(self, seat: RelaySession) -> None:
        was_first = seat is self._seats[0]
        self._seats.remove(seat)
        self._wait(seat.link.contact.dh, self._now())
        if was_first and self._seats:
            self._lead(self._seats[0], "lost")
        elif was_first:
            self.on_change()
        self._side.on_present()

    def _wait(self, dh: bytes, now: float) -> None:
        """The relay is asked again later, each time later still."""
        wait_s = min(RETRY_MAX_S, 2.0 * self._waits.get(dh, (RETRY_S / 2.0, 0.0))[0])
        self._waits[dh] = (wait_s, now + wait_s)
