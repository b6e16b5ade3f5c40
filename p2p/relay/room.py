"""One room at a relay: floor, seats, boughs, and what goes from one to another. Sans-IO.

Nothing here can be opened: operations are signed, all else is sealed. Every change of the floor is
evaluated by the rules of the members, so whoever is muted, moved down or removed is silent here
from the moment when the operation arrives.
"""

from collections.abc import Iterable

from crypto.identity import member_id
from crypto.ids import DhKey, EpochId, MemberId, SignKey
from crypto.relaypass import check_route
from crypto.wrap import TAG_BYTES
from p2p.errors import RemoteError
from p2p.mesh.seen import Seen
from p2p.relay.cascade import Cascade
from p2p.relay.forwarder import Forwarder
from p2p.relay.limits import Limits
from p2p.relay.passes import Passes
from p2p.relay.portion import Portion
from p2p.relay.presence import Presence
from p2p.relay.seating import Seating
from p2p.relay.sessions import BOUGH_TIMES, Allowances, Bough, Seat
from p2p.relay.wraps import BOUGH_MAX, SHARED_MAX, WrapShelf
from p2p.rng import Rng
from p2p.room.relay_view import FloorRoom
from p2p.room.state.model import RoomState
from p2p.room.store.opset import MEMBERS_MAX
from p2p.wire.codec import Message, have_messages, pages
from p2p.wire.hop import counter_of, tree_slot
from p2p.wire.messages import WRAPS_PER_MESSAGE
from p2p.wire.relay_messages import (
    EVERYBODY,
    MEMBERS_PER_MESSAGE,
    AskWrap,
    Floor,
    FloorHave,
    Gossip,
    Hear,
    Moving,
    Passed,
    Present,
    RelayWraps,
    Route,
)

SEATS_MAX = 1024
ASK_BYTES = 96
_HARMLESS = ("new", "known", "held", "full", "flood", "version")


class RelayRoom:
    """One room.

    Args:
        floor: Its operations.
        own_dh: The relay's public key.
        limits: Of the relay.
        now: Monotonic seconds.
        rng: Source of random bytes.

    Attributes:
        id: Room id.
        seating: Who hangs here.
        cascade: Where this relay stands in the tree.
    """

    def __init__(
        self,
        floor: FloorRoom,
        own_dh: DhKey,
        limits: Limits,
        now: float,
        rng: Rng,
    ) -> None:
        self.id = floor.room_id
        self.seating = Seating()
        self.cascade = Cascade(floor.room_id, own_dh, rng, now)
        self._floor = floor
        self._limits = limits
        self._forwarder = Forwarder()
        self._passes = Passes()
        self._shelf = WrapShelf()
        self._routes: dict[int, Route] = {}
        self._seen = Seen()
        self._out: list[tuple[int, Message]] = []
        self._presence = Presence(self.id, self.seating, now)
        self._settle(now)

    @property
    def genesis(self) -> bytes:
        """The room's first record."""
        return self._floor.genesis.encode()

    @property
    def state(self) -> RoomState:
        """What follows from the floor."""
        return self._floor.state

    def is_over(self, now: float) -> bool:
        """Whether no member has been here or at a relay joined to this one for a while."""
        return self._presence.is_over(now)

    def opens(self, public: SignKey, member: MemberId, now: float) -> bool:
        """Whether this pass gives this member a seat: see ``passes``."""
        state = self.state
        return self._passes.opens(public, member, state.removed, now, locked=state.locked)

    def attach(self, link: int, member: MemberId, now: float) -> None:
        """Seats a member whose pass was checked; an earlier link of its ends."""
        self._end(self.seating.seats_of(member), now)
        self.seating.sit(link, Seat(member, Allowances(self._limits, now)))
        self._passes.saw([member], now)
        self._forwarder.attach(member, link)
        self._presence.changed(now)
        self._greet(link)
        for epoch in self.state.heads:
            self._hand_wraps(epoch, link, member)

    def follow_tree(self, now: float) -> None:
        """Gives sound to the relays that hang here, and to that under which we hang, no others."""
        for dh, sound in self.cascade.joined.items():
            link = self.cascade.links.get(dh)
            if link is None or link in (self.seating.boughs if sound else self.seating.warm):
                continue
            bough = Bough(dh, Allowances(self._limits, now, BOUGH_TIMES))
            self.seating.hang(link, bough, sound=sound)
            self._presence.changed(now)
            if not sound:
                self._forwarder.detach(link)
                self._say_have(link)
                continue
            self._greet(link, answer=False)
            bough.told = self.seating.members
            self._out += [(link, route) for route in self._routes.values()]
            for epoch in self._shelf.epochs():
                self._send_wraps(epoch, self._shelf.all(epoch), link)

    def detach(self, link: int, now: float) -> None:
        """A link is gone."""
        if self.seating.drop(link):
            self._forwarder.detach(link)
            self._presence.changed(now)

    def _end(self, links: list[int], now: float) -> None:
        """Has links end at once."""
        for link in links:
            self.detach(link, now)
        self.seating.cuts += links

    def receive(self, message: Message, link: int, now: float) -> None:
        """Takes a message of a seat or bough; raises RemoteError."""
        here = self.seating.at(link)
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
            case _ if link in self.seating.warm:
                pass  # it was in time when it was sent: the tree has changed
            case Gossip():
                here.allowances.gossip(len(message.blob), now)
                self._gossip(message, link, here)
            case RelayWraps():
                here.allowances.wraps(now)
                self._take_wraps(message, link, here)
            case AskWrap():
                here.allowances.gossip(ASK_BYTES, now)
                self._ask_wrap(message, link, here)
            case Route():
                here.allowances.route(now)
                self._route(message, link, here)
            case Hear() if isinstance(here, Seat):
                here.allowances.route(now)
                portion = Portion(message.every, message.slot, message.others)
                self.seating.give(here, portion)
            case Present() if isinstance(here, Bough):
                here.allowances.floor(1, now)
                here.allowances.present(len(message.here) + len(message.gone), now)
                here.present = (here.present | set(message.here)) - set(message.gone)
                if len(here.present) > MEMBERS_MAX:
                    here.present = set()
                    raise RemoteError("too many members")
                self._presence.changed(now)
            case _:
                raise RemoteError("not for a room")

    def frame_passes(self, data: bytes, link: int, now: float) -> bool:
        """Whether a frame that came over this link goes to the ``listeners`` of it."""
        here = self.seating.at(link)
        slot = tree_slot(data)
        if here is None or slot is None or not here.allowances.frame(len(data), now):
            return False
        if link in self.seating.warm:
            return False
        return self._forwarder.passes(slot, link, now, counter_of(data))

    def take_ops(self, ops: Iterable[bytes], link: int, now: float) -> None:
        """Takes floor operations and passes new ones on; raises RemoteError after the last."""
        sender = self.seating.name_of(link)
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
        moving = Moving(min(3600, max(0, int(seconds))))
        self._out += [(link, moving) for link in self.seating.seats]
        self.cascade.leave()

    def on_timer(self, now: float) -> None:
        """Says who came and went since the last time."""
        self._out += self._presence.on_timer(now)

    def to_send(self) -> list[tuple[int, Message]]:
        """Messages to send, each with its link."""
        out, self._out = self._out, []
        return out

    @property
    def _bad_ops(self) -> int:
        """Operations so far that no honest sender would have passed on."""
        counts = self._floor.counts
        return counts.total() - sum(counts[reason] for reason in _HARMLESS)

    def _greet(self, link: int, *, answer: bool = True) -> None:
        here = sorted(self.seating.members)
        if answer:
            first, here = here[:MEMBERS_PER_MESSAGE], here[MEMBERS_PER_MESSAGE:]
            self._out.append((link, Passed(self.id, tuple(first))))
        self._out += [(link, message) for message in self._presence.present(set(here), set())]
        self._say_have(link)

    def _say_have(self, link: int) -> None:
        self._out += [
            (link, FloorHave(self.id, have.ids, have.first, have.last))
            for have in have_messages(self._floor.ids())
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
        seats = self.seating.seats
        self._end([link for link, seat in seats.items() if seat.member in state.removed], now)
        heads = {state.epochs[head].pass_public for head in state.heads}
        here = [seat.member for seat in seats.values()]
        self._passes.follow(heads, state.removed, here, now)
        self._shelf.keep_only(state.heads)
        self.cascade.set_order([carrier.dh for carrier in state.carriers], now)
        keys = {carrier.dh for carrier in state.carriers}
        relays = [*self.seating.boughs.items(), *self.seating.warm.items()]
        self._end([link for link, bough in relays if bough.dh not in keys], now)

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
            self._out += [(one, message) for one in self.seating.listeners(link)]
            return
        self._out += [(one, message) for one in self._ways_to(message.to) if one != link]

    def _take_wraps(self, message: RelayWraps, link: int, here: Seat | Bough) -> None:
        epoch = self.state.epochs.get(message.epoch)
        if epoch is None or message.epoch not in self.state.heads:
            return  # replaced meanwhile
        most = BOUGH_MAX
        if isinstance(here, Seat):
            most = MEMBERS_MAX if here.member == epoch.author else SHARED_MAX
        source = self.seating.name_of(link)
        fresh = self._shelf.put(message.epoch, message.wraps, source, most)
        by_tag: dict[bytes, list[bytes]] = {}
        for wrap in fresh:
            by_tag.setdefault(wrap[:TAG_BYTES], []).append(wrap)
        for one, seat in self.seating.seats.items():
            tag = self._shelf.tag(message.epoch, epoch.ephemeral, seat.member)
            if one != link and tag in by_tag:
                self._send_wraps(message.epoch, by_tag[tag], one)
        for one in self.seating.boughs:
            if one != link:
                self._send_wraps(message.epoch, fresh, one)

    def _ask_wrap(self, message: AskWrap, link: int, here: Seat | Bough) -> None:
        if isinstance(here, Seat) and message.frm != here.member:
            raise RemoteError("in another's name")
        if not isinstance(here, Seat) and message.frm not in here.present:
            return  # it may just have gone
        self._out += [(one, message) for one in self._ways_to(message.to) if one != link]

    def _ways_to(self, member: MemberId) -> list[int]:
        """The link that leads to a member; none if it is not here."""
        return (
            self.seating.seats_of(member)
            or [one for one, bough in self.seating.boughs.items() if member in bough.present]
        )[:1]

    def _hand_wraps(self, epoch: EpochId, link: int, member: MemberId) -> None:
        found = self._shelf.find(epoch, self.state.epochs[epoch].ephemeral, member)
        self._send_wraps(epoch, found, link)

    def _send_wraps(self, epoch: EpochId, wraps: Iterable[bytes], link: int) -> None:
        rest, step = tuple(wraps), WRAPS_PER_MESSAGE
        self._out += [
            (link, RelayWraps(self.id, epoch, rest[at : at + step]))
            for at in range(0, len(rest), step)
        ]

    def _route(self, route: Route, link: int, here: Seat | Bough) -> None:
        member = member_id(route.sign, route.dh)
        if isinstance(here, Seat) and (
            member != here.member or route.parent != self.cascade.own_dh
        ):
            raise RemoteError("route of another, or to another")
        if self.state.slots.get(route.slot) != member:
            return  # the grant may have ended meanwhile
        check_route(route.sign, self.id, route.slot, route.seq, route.parent, route.signature)
        if self._forwarder.set_way(route.slot, member, route.seq, link):
            self._routes[route.slot] = route
            self._out += [(one, route) for one in self.seating.boughs if one != link]

    def _send_all(self, message: Message, source: int | None) -> None:
        self._out += [(link, message) for link in self.seating.all_but(source)]
