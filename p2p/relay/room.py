"""One room at a relay: floor, seats, boughs, and what goes from one to another. Sans-IO.

Nothing here can be opened: operations are signed, all else is sealed. Every change of the floor is
evaluated by the rules of the members, so whoever is muted, moved down or removed is silent here
from the moment when the operation arrives.
"""

from collections.abc import Iterable

from crypto.identity import member_id
from crypto.ids import DhKey, EpochId, MemberId, RoomId, SignKey
from crypto.relaypass import check_route
from p2p.errors import RemoteError
from p2p.mesh.seen import Seen
from p2p.relay.cascade import TreePlace
from p2p.relay.forwarder import Forwarder
from p2p.relay.limits import Limits
from p2p.relay.passes import Passes
from p2p.relay.sessions import BOUGH_TIMES, Allowances, Bough, Seat
from p2p.relay.wraps import WrapShelf
from p2p.room.ops.ids import NO_MEMBER, relay_as_sender
from p2p.room.relay_view import FloorRoom
from p2p.room.state.model import RoomState
from p2p.wire.codec import Message, have_messages, pages
from p2p.wire.hop import tree_slot
from p2p.wire.messages import WRAPS_PER_MESSAGE
from p2p.wire.relay_messages import (
    EVERYBODY,
    MEMBERS_PER_MESSAGE,
    Floor,
    FloorHave,
    Gossip,
    Moving,
    Passed,
    Present,
    RelayWraps,
    Route,
)

PRESENCE_EVERY_S = 0.25
SEATS_MAX = 1024
BOUGHS_MAX = 8
EMPTY_S = 30.0
_HARMLESS = ("new", "known", "held", "full", "flood", "version")


class RelayRoom:
    """One room.

    Args:
        genesis: Bytes that were checked by ``floor``.
        room: Room id.
        floor: Its operations.
        own_dh: The relay's public key.
        limits: Of the relay.
        now: Monotonic seconds.

    Attributes:
        seats: Attached members by link.
        boughs: Relays by link.
        place: Where this relay stands in the tree.
        version: Grows whenever another set of links gets sound.
        cuts: Links that must end at once; for the owner to take away.
    """

    def __init__(
        self,
        genesis: bytes,
        room: RoomId,
        floor: FloorRoom,
        own_dh: DhKey,
        limits: Limits,
        now: float,
    ) -> None:
        self.genesis = genesis
        self.id = room
        self.seats: dict[int, Seat] = {}
        self.boughs: dict[int, Bough] = {}
        self.place = TreePlace(own_dh)
        self.version = 0
        self.cuts: list[int] = []
        self._floor = floor
        self._own_dh = own_dh
        self._limits = limits
        self._forwarder = Forwarder()
        self._passes = Passes()
        self._shelf = WrapShelf()
        self._routes: dict[int, Route] = {}
        self._seen = Seen()
        self._known: set[MemberId] = set()
        self._out: list[tuple[int, Message]] = []
        self._presence_due_s: float | None = None
        self._peopled_s = now
        self._settle(now)

    @property
    def state(self) -> RoomState:
        """What follows from the floor."""
        return self._floor.state

    @property
    def members(self) -> set[MemberId]:
        """Everybody here and at the relays joined to this one."""
        return {seat.member for seat in self.seats.values()}.union(
            *(bough.present for bough in self.boughs.values())
        )

    def is_over(self, now: float) -> bool:
        """Whether no member has been here or at a relay joined to this one for a while."""
        return now - self._peopled_s > EMPTY_S

    def opens(self, public: SignKey, member: MemberId, now: float) -> bool:
        """Whether this pass gives this member a seat: see ``passes``."""
        state = self.state
        return self._passes.opens(public, member, state.removed, now, locked=state.locked)

    def attach(self, link: int, member: MemberId, now: float) -> None:
        """Seats a member whose pass was checked; an earlier link of its ends."""
        for earlier in [one for one, seat in self.seats.items() if seat.member == member]:
            self.detach(earlier, now)
            self.cuts.append(earlier)
        self.seats[link] = Seat(member, Allowances(self._limits, now))
        self._passes.saw([member], now)
        self._forwarder.attach(member, link)
        self._changed(now)
        self._greet(link)
        for epoch in self.state.heads:
            self._hand_wraps(epoch, link, member)

    def join(self, link: int, dh: DhKey, now: float, *, asked: bool) -> None:
        """Takes another relay of the room as a neighbour in the tree.

        Args:
            link: To it.
            dh: Its key.
            now: Monotonic seconds.
            asked: It asked us and wants an answer; False: it has just answered us.
        """
        for earlier in [one for one, bough in self.boughs.items() if bough.dh == dh]:
            self.detach(earlier, now)
            self.cuts.append(earlier)
        self.boughs[link] = Bough(dh, Allowances(self._limits, now, BOUGH_TIMES))
        self._changed(now)
        self._greet(link, answer=asked)
        self.boughs[link].told = self.members
        self._out += [(link, route) for route in self._routes.values()]
        for epoch in self._shelf.epochs():
            self._send_wraps(epoch, self._shelf.all(epoch), link)

    def detach(self, link: int, now: float) -> None:
        """A link is gone."""
        gone = self.seats.pop(link, None) or self.boughs.pop(link, None)
        if gone is not None:
            self._forwarder.detach(link)
            self._changed(now)

    def tune(self, link: int, *, on: bool) -> None:
        """A member wants sound from here, or no longer."""
        seat = self.seats.get(link)
        if seat is not None and seat.tuned is not on:
            seat.tuned = on
            self.version += 1

    def receive(self, message: Message, link: int, now: float) -> None:
        """Takes a message of a seat or bough; raises RemoteError."""
        here = self.seats.get(link) or self.boughs.get(link)
        if here is None:
            raise RemoteError("not attached")
        match message:
            case Floor(ops=ops):
                here.allowances.floor(len(ops), now)
                self.take_ops(ops, link, now)
            case FloorHave(ids=ids, first=first, last=last):
                here.allowances.floor(1, now)
                missing = self._floor.missing(ids, first, last)
                self._out += [(link, Floor(self.id, page)) for page in pages(missing)]
            case Gossip():
                here.allowances.gossip(len(message.blob), now)
                self._gossip(message, link, here)
            case RelayWraps():
                here.allowances.wraps(now)
                self._take_wraps(message, link, here)
            case Route():
                here.allowances.route(now)
                self._route(message, link, here)
            case Present() if isinstance(here, Bough):
                here.allowances.floor(1, now)
                here.present = (here.present | set(message.here)) - set(message.gone)
                if len(here.present) > SEATS_MAX:
                    here.present = set()
                    raise RemoteError("too many members")
                self._presence_due_s = self._presence_due_s or now + PRESENCE_EVERY_S
            case _:
                raise RemoteError("not for a room")

    def frame_passes(self, data: bytes, link: int, now: float) -> bool:
        """Whether a frame that came over this link goes to the ``listeners`` of it."""
        here = self.seats.get(link) or self.boughs.get(link)
        slot = tree_slot(data)
        if here is None or slot is None or not here.allowances.frame(len(data), now):
            return False
        return self._forwarder.passes(slot, link, now)

    def listeners(self, source: int) -> list[int]:
        """Links that get what comes over ``source``: relays first, they have the longer way."""
        tuned = [link for link, seat in self.seats.items() if seat.tuned and link != source]
        return [link for link in self.boughs if link != source] + tuned

    def take_ops(self, ops: Iterable[bytes], link: int, now: float) -> None:
        """Takes floor operations and passes new ones on; raises RemoteError after the last."""
        seat, bough = self.seats.get(link), self.boughs.get(link)
        sender = seat.member if seat else relay_as_sender(bough.dh) if bough else NO_MEMBER
        bad_before = self._bad_ops
        fresh = [data for data in ops if self._floor.receive(data, sender, now)]
        if fresh:
            for page in pages(fresh):
                self._send_all(Floor(self.id, page), link)
            self._settle(now)
        if self._bad_ops > bad_before:
            raise RemoteError("forged or malformed operations")

    def say_moving(self, seconds: float) -> None:
        """Tells everybody to go elsewhere."""
        self._send_all(Moving(min(3600, max(0, int(seconds)))), None)

    def on_timer(self, now: float) -> None:
        """Says who came and went since the last time."""
        if self.seats or any(bough.present for bough in self.boughs.values()):
            self._peopled_s = now
        if self._presence_due_s is None or now < self._presence_due_s:
            return
        self._presence_due_s = None
        before, self._known = self._known, self.members
        news = self._present(self._known - before, before - self._known)
        self._out += [(link, message) for message in news for link in self.seats]
        for link, bough in self.boughs.items():
            beyond = self._beyond(link)
            self._out += [
                (link, message)
                for message in self._present(beyond - bough.told, bough.told - beyond)
            ]
            bough.told = beyond

    def to_send(self) -> list[tuple[int, Message]]:
        """Messages to send, each with its link."""
        out, self._out = self._out, []
        return out

    @property
    def _bad_ops(self) -> int:
        """Operations so far that no honest sender would have passed on."""
        counts = self._floor.counts
        return counts.total() - sum(counts[reason] for reason in _HARMLESS)

    def _beyond(self, link: int) -> set[MemberId]:
        """Everybody but those behind this bough."""
        others = (bough.present for one, bough in self.boughs.items() if one != link)
        return {seat.member for seat in self.seats.values()}.union(*others)

    def _changed(self, now: float) -> None:
        self.version += 1
        self._presence_due_s = self._presence_due_s or now + PRESENCE_EVERY_S

    def _greet(self, link: int, *, answer: bool = True) -> None:
        here = sorted(self.members)
        if answer:
            first, here = here[:MEMBERS_PER_MESSAGE], here[MEMBERS_PER_MESSAGE:]
            self._out.append((link, Passed(self.id, tuple(first))))
        self._out += [(link, message) for message in self._present(set(here), set())]
        self._out += [
            (link, FloorHave(self.id, have.ids, have.first, have.last))
            for have in have_messages(self._floor.ids())
        ]

    def _present(self, here: set[MemberId], gone: set[MemberId]) -> list[Present]:
        came, went, step = sorted(here), sorted(gone), MEMBERS_PER_MESSAGE
        return [
            Present(self.id, tuple(came[at : at + step]), tuple(went[at : at + step]))
            for at in range(0, max(len(came), len(went)), step)
        ]

    def _settle(self, now: float) -> None:
        """Draws the consequences of a changed floor."""
        state = self.state
        self._forwarder.set_speakers(state.slots)
        self._routes = {
            slot: route
            for slot, route in self._routes.items()
            if state.slots.get(slot) == member_id(route.sign, route.dh)
        }
        out = [link for link, seat in self.seats.items() if seat.member in state.removed]
        for link in out:
            self.detach(link, now)
        self.cuts += out
        heads = {state.epochs[head].pass_public for head in state.heads}
        here = [seat.member for seat in self.seats.values()]
        self._passes.follow(heads, state.removed, here, now)
        self._shelf.keep_only(state.heads)
        self.place.set_order(state.carriers)
        keys = {carrier.dh for carrier in state.carriers}
        off = [link for link, bough in self.boughs.items() if bough.dh not in keys]
        for link in off:
            self.detach(link, now)
        self.cuts += off

    def _gossip(self, message: Gossip, link: int, here: Seat | Bough) -> None:
        if isinstance(here, Seat):
            if message.frm != here.member:
                raise RemoteError("in another's name")
        elif message.frm not in here.present:
            return  # it may just have gone
        if not self._seen.is_new(message.to, message.frm, message.blob):
            return
        if message.to == EVERYBODY:
            # Who waits in reserve hears it where it is tuned in.
            self._out += [(one, message) for one in self.listeners(link)]
            return
        targets = [one for one, seat in self.seats.items() if seat.member == message.to] or [
            one for one, bough in self.boughs.items() if message.to in bough.present
        ]
        self._out += [(one, message) for one in targets[:1] if one != link]

    def _take_wraps(self, message: RelayWraps, link: int, here: Seat | Bough) -> None:
        epoch = self.state.epochs.get(message.epoch)
        if epoch is None or message.epoch not in self.state.heads:
            return  # replaced meanwhile
        if isinstance(here, Seat) and here.member != epoch.author:
            raise RemoteError("wraps of another's epoch")
        fresh = self._shelf.put(message.epoch, message.wraps)
        for one, seat in self.seats.items():
            if one != link:
                self._hand_wraps(message.epoch, one, seat.member, fresh)
        for one in self.boughs:
            if one != link:
                self._send_wraps(message.epoch, fresh, one)

    def _hand_wraps(
        self, epoch: EpochId, link: int, member: MemberId, among: tuple[bytes, ...] | None = None
    ) -> None:
        found = self._shelf.find(epoch, self.state.epochs[epoch].ephemeral, member)
        self._send_wraps(epoch, [one for one in found if among is None or one in among], link)

    def _send_wraps(self, epoch: EpochId, wraps: Iterable[bytes], link: int) -> None:
        rest, step = tuple(wraps), WRAPS_PER_MESSAGE
        self._out += [
            (link, RelayWraps(self.id, epoch, rest[at : at + step]))
            for at in range(0, len(rest), step)
        ]

    def _route(self, route: Route, link: int, here: Seat | Bough) -> None:
        member = member_id(route.sign, route.dh)
        if isinstance(here, Seat) and (member != here.member or route.parent != self._own_dh):
            raise RemoteError("route of another, or to another")
        if self.state.slots.get(route.slot) != member:
            return  # the grant may have ended meanwhile
        check_route(route.sign, self.id, route.slot, route.seq, route.parent, route.signature)
        if self._forwarder.set_way(route.slot, member, route.seq, link):
            self._routes[route.slot] = route
            self._out += [(one, route) for one in self.boughs if one != link]

    def _send_all(self, message: Message, source: int | None) -> None:
        self._out += [(link, message) for link in (*self.boughs, *self.seats) if link != source]
