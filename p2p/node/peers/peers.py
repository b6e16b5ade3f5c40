"""The other members, by whatever way they are reached: links of our own, and relays."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from crypto.ids import DhKey, MemberId
from p2p.errors import RemoteError
from p2p.link.carried import CarriedLine
from p2p.link.door import Door
from p2p.link.line import Line
from p2p.link.work import Work
from p2p.mesh.mesh import Mesh
from p2p.node.endpoint import MemberEndpoint
from p2p.node.inbox import FromNeighbour, NeighbourGone, RoomChanged
from p2p.node.media.routing import Routing
from p2p.node.peers.admission import Admission, AdmissionRequest, first_message
from p2p.node.peers.coming_back import ComingBack
from p2p.node.peers.dialer import CarryingNeighbour, Dialer
from p2p.node.peers.dispatch import Dispatch
from p2p.node.peers.glare import Dials
from p2p.node.peers.private_channels import PrivateChannels
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.relays.relay_room import RelayedRoom
from p2p.node.secrets import RoomSecrets
from p2p.room.room import Room
from p2p.wire.addresses import Address, Scope
from p2p.wire.codec import have_messages
from p2p.wire.messages import AskKeys, Bye, Carry, Join, Near, NearMember

SILENT_S = 3.0
TRY_ANOTHER_EVERY_S = 30.0
"""So often we change relays while no moderator's word comes."""
CARRIED_LASTS_S = 4.0
MOVED_SILENT_S = 1.5
MOVED_FOR_S = 6.0
GLARE_S = 2.0
ASK_AGAIN_EVERY_S = 15.0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A member that we have a link with.

    Attributes:
        member: Its id.
        line: The link's line.
        since_s: When it came up, monotonic seconds.
        routing: Takes its frames.
        relay_room: Says whether they may come by a relay as well.
    """

    member: MemberId
    line: Line
    since_s: float
    routing: Routing
    relay_room: RelayedRoom

    def frame(self, frame: bytes, arrival_s: float) -> None:
        """Takes a frame that came over the link, hop byte in front."""
        doubles = self.relay_room.is_attached
        self.routing.link_frame(self.member, frame, arrival_s, doubles=doubles)


@dataclass(slots=True)
class _Rounds:
    """When what comes round is due, and whose turn it is.

    Attributes:
        next_s: When, monotonic seconds.
        asked: How many have been.
        try_another_s: When we may change relays for want of a moderator's word.
        moved_s: When our own address changed last.
    """

    next_s: float = 0.0
    asked: int = 0
    try_another_s: float = 0.0
    moved_s: float = -MOVED_FOR_S


class Peers:
    """All others, as one member sees them.

    Args:
        room: What the members agree on.
        secrets: Ours and the room's.
        endpoint: Ours.
        relay_links: Ways to members behind NAT.
        work: Where links run.
        routing: Takes the others' sound.
        door: Ours.
        dials: Our attempts to get links.
        hidden: We make no links with members; everything goes by relays.
        newcomer: We came into a room that was there already.

    Attributes:
        room: As given.
        mesh: Who is here and who is dialled.
        neighbours: Members that have a link with us.
        dispatch: What we say and hear.
        dialer: Gets links.
        coming_back: Asks to be let in again.
    """

    def __init__(
        self,
        room: Room,
        secrets: RoomSecrets,
        endpoint: MemberEndpoint,
        relay_links: RelayLinks,
        work: Work,
        routing: Routing,
        door: Door,
        dials: Dials,
        *,
        hidden: bool = False,
        newcomer: bool = False,
    ) -> None:
        self.room = room
        self.mesh = Mesh(secrets.identity.member_id, dials=not hidden)
        self.neighbours: dict[MemberId, Neighbour] = {}
        private = PrivateChannels(endpoint, secrets, relay_links, work)
        relay_room = RelayedRoom(room, secrets, endpoint, relay_links, work, routing)
        self.dispatch = Dispatch(
            room, secrets, self.neighbours, routing, private, relay_room, relay_links
        )
        self.dialer = Dialer(self, endpoint, secrets, relay_links, work, door, dials)
        self._admission = Admission(
            room, secrets, self.neighbours, endpoint.inbox, self.dispatch.group_key.word
        )
        self._secrets = secrets
        self._endpoint = endpoint
        self._work = work
        self._routing = routing
        self._rounds = _Rounds()
        self.coming_back = ComingBack(room)
        self._set_roster(time.monotonic(), newcomer=newcomer)

    # --- letting in, and being let in ---------------------------------------------------------

    async def enter(self, line: Line, dh: DhKey, expected: MemberId) -> None:
        """Asks to be let in over a line that we dialled, and serves it."""
        identity, inbox = self._secrets.identity, self._endpoint.inbox
        let_in = await AdmissionRequest(self.room, identity, inbox).ask(line, dh, expected)
        self._secrets.readmitted(let_in.admit, let_in.at_s)
        self.add(let_in.admit.member, line)

    async def let_in(self, line: Line, dh: DhKey) -> None:
        """Answers a newcomer, or somebody who comes back, over a line that it dialled."""
        first = await first_message(line)
        member = None if first is None else await self._admission.answer(line, dh, first)
        if member is not None:
            self.add(member, line)

    async def let_in_through(self, line: CarriedLine, dh: DhKey) -> None:
        """The same over a line that somebody carries; members also ask for keys that way."""
        first = await first_message(line)
        if isinstance(first, AskKeys):
            if not self.dispatch.serve(dh, line, first):
                await line.close()
        elif first is not None:
            member = await self._admission.answer(line, dh, first, all_at_once=False)
            if member is not None:
                await asyncio.sleep(CARRIED_LASTS_S)
                await line.close()

    # --- links ----------------------------------------------------------------------------------

    def add(self, member: MemberId, line: Line) -> None:
        """Serves a link with a member that we let in, or that let us in."""
        now = time.monotonic()
        old = self.neighbours.get(member)
        if old is not None and old.line.open and now - old.since_s < GLARE_S:
            # Both dialled at once: both ends keep the link that the smaller id asked for.
            mine = self.room.me < member
            if old.line.dialled == mine and line.dialled != mine:
                self._work.create_task(line.close())
                return
        neighbour = Neighbour(member, line, now, self._routing, self.dispatch.relay_room)
        self.neighbours[member] = neighbour
        line.link.media.frames_to(neighbour, reported=True)
        if old is not None:
            self._work.create_task(old.line.close())
        scope = line.link.scope
        self._set_roster(now)
        self.mesh.link_up(member, int(Scope.GLOBAL if scope is None else scope), now)
        for question in have_messages(self.room.ids()):
            line.send(question)
        self._work.create_task(self._serve(member, line))
        self._endpoint.inbox.post(RoomChanged())

    async def _serve(self, member: MemberId, line: Line) -> None:
        try:
            while True:
                said = FromNeighbour(member, await line.receive(), line)
                await self._endpoint.inbox.put(said)
        except ConnectionError:
            pass
        finally:
            self._endpoint.inbox.post(NeighbourGone(member, line))
            await line.close()

    def link_ended(self, item: NeighbourGone) -> None:
        """The line of a link has ended; all that was said over it has been taken."""
        neighbour = self.neighbours.get(item.member)
        if neighbour is not None and neighbour.line is item.line:
            self._drop(neighbour)

    def _drop(self, neighbour: Neighbour) -> None:
        address = neighbour.line.link.remote_address
        if address is not None:
            self.dialer.note_address(neighbour.member, address)
        del self.neighbours[neighbour.member]
        self.mesh.link_down(neighbour.member, time.monotonic())
        self._endpoint.inbox.post(RoomChanged())

    def take(self, item: FromNeighbour, now: float) -> None:
        """Takes what a member said over its link.

        Raises:
            RemoteError: It breaks a rule.
        """
        if self.dispatch.take(item.member, item.message, now):
            return
        match item.message:
            case Near(members=members):
                self.mesh.receive([(m.member, m.scope) for m in members], item.member, now)
            case Join():
                self.dispatch.readmit(item.member, item.message, item.source, now)
            case Carry():
                if not self.dispatch.may_carry(item.member, now):
                    raise RemoteError("carries too much")
                self._carry(item.member, item.source, item.message)
            case Bye():
                self._work.create_task(item.source.close())
            case _:
                raise RemoteError("not a message between neighbours")

    def attached_changed(self) -> None:
        """Who is attached to our relays has changed, or by what relay we are."""
        self.mesh.set_attached(self.dispatch.relay_room.present, time.monotonic())

    # --- carrying -------------------------------------------------------------------------------

    def _carry(self, member: MemberId, line: Line, carry: Carry) -> None:
        to, frm = carry.to, carry.frm
        me = self.room.me
        if to != me:
            if frm != member:
                raise RemoteError("carry from somebody else")
            target = self.neighbours.get(to)
            if target is not None:  # it may have left a moment ago
                target.line.send(carry)
            return
        widths = dict(self.mesh.carriers(frm))
        width = widths.get(member, int(Scope.GLOBAL))
        toward = None if width == Scope.GLOBAL else line.link.remote_address

        def answer(datagram: bytes) -> None:
            line.send(Carry(frm, me, datagram))

        # Whatever is wrong with it, the neighbour only carried it.
        with contextlib.suppress(RemoteError):
            self._endpoint.take_carried(carry.blob, toward, answer)

    def carriers(self, member: MemberId) -> Iterator[CarryingNeighbour]:
        """For the dialer: neighbours that can carry to a member, the best first."""
        for neighbour, width in self.mesh.carriers(member):
            line = self.neighbours[neighbour].line
            toward = None if width == Scope.GLOBAL else line.link.remote_address
            yield CarryingNeighbour(neighbour, line, toward)

    # --- time and change ------------------------------------------------------------------------

    def follow_room(self, now: float) -> None:
        """Cuts off who was removed, tells who is here, and dials whom the mesh wants dialled."""
        self._cut_removed()
        self._set_roster(now)
        room_time_ms = int(self._secrets.room_time.at(now) * 1000)
        for to, near in self.mesh.to_send(now):
            rows = tuple(NearMember(member, scope) for member, scope in near)
            self.neighbours[to].line.send(Near(room_time_ms, rows))
        for member in self.mesh.to_dial(now):
            known = self.room.state.members.get(member)
            if known is not None:
                self._work.create_task(self.dialer.dial(member, known.dh))

    def dial_failed(self, member: MemberId) -> None:
        """For the dialer: no link came of it."""
        self.mesh.dial_failed(member, time.monotonic())

    def may_be_at(self, dh: DhKey, address: Address) -> None:
        """Somebody named the address of a door; of use if it is a member that is missing."""
        for member in [m.id for m in self.room.state.members.values() if m.dh == dh]:
            if member != self.room.me and member not in self.neighbours:
                self.dialer.note_address(member, address)
                self.mesh.dial_now(member, time.monotonic())
        self._endpoint.inbox.post(RoomChanged())

    def _cut_removed(self) -> None:
        removed = self.room.state.removed
        for member in [m for m in self.neighbours if m in removed]:
            neighbour = self.neighbours[member]
            self._drop(neighbour)
            self._work.create_task(neighbour.line.close())

    def tick(self) -> None:
        """Five times a second: silence, timers, and asking again for what may be missing."""
        now = time.monotonic()
        self._drop_silent(now)
        self.mesh.on_timer(now)
        self._observe(now)
        removed = self.room.state.removed
        self.room.on_timer(now)
        if self.room.state.removed != removed:
            # Whom we turned out by ourselves may have been given keys at a door.
            self.dispatch.group_key.new_key(shut_out=True)
        self._ask_again(now)

    def _drop_silent(self, now: float) -> None:
        for neighbour in list(self.neighbours.values()):
            line = neighbour.line
            if now - line.link.last_heard_s > self._silent_s(now):
                self._drop(neighbour)
                self._work.create_task(line.close())
                if now - self._rounds.moved_s < MOVED_FOR_S:
                    # The other end may not know yet, and cannot know where we are.
                    self.mesh.dial_now(neighbour.member, now)

    def _ask_again(self, now: float) -> None:
        if now >= self._rounds.next_s and self.neighbours:
            self._rounds.next_s = now + ASK_AGAIN_EVERY_S
            some = list(self.neighbours.values())[self._rounds.asked % len(self.neighbours)]
            self._rounds.asked += 1
            for question in have_messages(self.room.ids()):
                some.line.send(question)

    def _observe(self, now: float) -> None:
        """Lets room, keys and relays know who is here."""
        here = self.mesh.here
        self.room.observe_present(here, now)
        dispatch = self.dispatch
        door = self.coming_back.whom_to_ask(here, now)
        if door is not None:
            dispatch.ask_in(door)
        dispatch.ask_if_stranded(now)
        dispatch.take_sayings(dispatch.relay_room.tick(here, now), now)
        dispatch.group_key.observe(here, dispatch.reachable)
        if dispatch.group_key.unchecked and now >= self._rounds.try_another_s:
            self._rounds.try_another_s = now + TRY_ANOTHER_EVERY_S
            dispatch.relay_room.failover.try_another()

    def moved(self) -> None:
        """Our address has changed: links that do not follow at once are made anew."""
        self._rounds.moved_s = time.monotonic()

    def _silent_s(self, now: float) -> float:
        return MOVED_SILENT_S if now - self._rounds.moved_s < MOVED_FOR_S else SILENT_S

    def gone(self) -> set[DhKey]:
        """Public keys of the members that are not here any more."""
        me, members = self.room.me, self.room.state.members.values()
        return {m.dh for m in members if m.id != me and not self.mesh.is_here(m.id)}

    def _set_roster(self, now: float, *, newcomer: bool = False) -> None:
        self.mesh.follow_room(self.room.state.members, now, newcomer=newcomer)

    async def leave(self) -> None:
        """Says goodbye on every link and ends them."""
        for neighbour in self.neighbours.values():
            neighbour.line.send(Bye())
        await asyncio.gather(*(n.line.close() for n in list(self.neighbours.values())))
