"""All rooms of a relay: who may open one, who is let in, which other relays are called. Sans-IO."""

import ipaddress
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from crypto.genesis import room_id_of
from crypto.identity import member_id
from crypto.ids import DhKey, RoomId
from crypto.relaypass import check_pass, check_self
from p2p.errors import RemoteError
from p2p.relay.claims import Claims
from p2p.relay.limits import Limits
from p2p.relay.probes import Probes
from p2p.relay.room import BOUGHS_MAX, SEATS_MAX, RelayRoom
from p2p.room.ops.kinds import Carrier
from p2p.room.relay_view import FloorRoom
from p2p.token_bucket import Allowance, Rate
from p2p.wire.addresses import Address, scope_of
from p2p.wire.codec import Message
from p2p.wire.hop import HEARTBEAT
from p2p.wire.relay_messages import (
    AskWrap,
    Floor,
    FloorHave,
    Gossip,
    Hear,
    JoinTree,
    Open,
    Pass,
    Passed,
    Present,
    RelayRefuse,
    RelayWraps,
    Route,
    Tune,
)

ENTER_RATE = Rate(burst=8.0, per_s=0.5)


@dataclass(frozen=True, slots=True)
class Cut:
    """A link must end at once."""

    link: int


@dataclass(frozen=True, slots=True)
class Call:
    """Another relay is to be called, for a room whose carriers name it."""

    room: RoomId
    dh: DhKey
    address: Address


@dataclass(slots=True)
class _Link:
    dh: DhKey
    tie: bytes
    enter: Allowance
    net: bytes | None
    room: RelayRoom | None = None
    joining: RoomId | None = None  # a room in whose tree we asked to be taken


class Rooms:
    """The rooms.

    Args:
        own_dh: The relay's public key.
        limits: Asked whenever it matters: they may change.
        is_busy: Whether there is no more sound to give, from the time.
        now: Monotonic seconds.

    Attributes:
        closed: Nobody new is let in: the relay is about to stop, or carries no sound at all.
        counters: What was refused, by reason.
    """

    def __init__(
        self,
        own_dh: DhKey,
        limits: Callable[[], Limits],
        is_busy: Callable[[float], bool],
        now: float,
    ) -> None:
        self.closed = ""
        self.counters: Counter[str] = Counter()
        self._own_dh = own_dh
        self._limits = limits
        self._is_busy = is_busy
        self._probes = Probes(now)
        self._claims = Claims(limits)
        self._links: dict[int, _Link] = {}
        self._rooms: dict[RoomId, RelayRoom] = {}
        self._calling: set[tuple[RoomId, DhKey]] = set()
        self._out: list[tuple[int, Message]] = []
        self._events: list[Cut | Call] = []

    @property
    def count(self) -> int:
        """How many rooms are open."""
        return len(self._rooms)

    @property
    def attached(self) -> int:
        """How many members are attached, all rooms together."""
        return sum(len(room.seating.seats) for room in self._rooms.values())

    def link_up(
        self, link: int, dh: DhKey, tie: bytes, now: float, net: bytes | None = None
    ) -> None:
        """A link came up.

        Args:
            link: Its number.
            dh: The peer's public key, as its HELLO or ours has proven.
            tie: What both ends know of this link, 64 bytes.
            now: Monotonic seconds.
            net: The block of addresses that it comes from; None: nothing is counted there.
        """
        self._links[link] = _Link(dh, tie, Allowance(ENTER_RATE, now), net)

    def room_of(self, link: int) -> RoomId | None:
        """The room in which a link has a seat, or is another relay's; None: in none."""
        one = self._links.get(link)
        return None if one is None or one.room is None else one.room.id

    def sits(self, link: int) -> bool:
        """Whether a link has a seat in a room, or is another relay's in one."""
        return self.room_of(link) is not None

    def link_down(self, link: int, now: float) -> None:
        """A link is gone."""
        gone = self._links.pop(link, None)
        if gone is None:
            return
        for room in self._claims.said_by(link):
            self._forget(self._rooms[room])
        if gone.room is not None:
            gone.room.detach(link, now)
            gone.room.place.failed(gone.dh, now)
            self._collect(gone.room)
        if gone.joining is not None and gone.joining in self._rooms:
            self._rooms[gone.joining].place.failed(gone.dh, now)

    def receive(self, message: Message, link: int, now: float) -> bool:
        """Takes a message.

        Returns:
            False if it is none of rooms.

        Raises:
            RemoteError: It breaks a rule.
        """
        match message:
            case Open():
                self._answer(link, now, lambda one: self._open(message, one, link, now))
            case Pass():
                self._answer(link, now, lambda one: self._pass(message, one, link, now))
            case JoinTree():
                self._answer(link, now, lambda one: self._join(message, one, link, now))
            case Passed():
                self._passed(message, link, now)
            case Tune(on=on):
                self._seated(message.room, link).seating.tune(link, on=on)
            case RelayRefuse():
                self._refused(link)
            case (
                Floor() | FloorHave() | Gossip() | RelayWraps() | AskWrap() | Route()
                | Present() | Hear()
            ):  # fmt: skip
                room = self._seated(message.room, link)
                try:
                    room.receive(message, link, now)
                finally:
                    self._collect(room)
            case _:
                return False
        return True

    def frame(self, data: bytes, link: int, now: float) -> RelayRoom | None:
        """The room whose ``listeners`` get this frame; None: it goes nowhere."""
        one = self._links.get(link)
        if one is None or one.room is None or data == HEARTBEAT:
            return None
        if one.room.frame_passes(data, link, now):
            return one.room
        self.counters["frame"] += 1
        return None

    def rooms(self) -> list[RelayRoom]:
        """All open rooms."""
        return list(self._rooms.values())

    def say_moving(self, seconds: float) -> None:
        """The relay stops: nobody new, and everybody is told."""
        self.closed = "draining"
        for room in self._rooms.values():
            room.say_moving(seconds)
            self._collect(room)

    def on_timer(self, now: float) -> None:
        """Call at least twice a second: presence, calls to other relays, rooms that are over."""
        for late in self._claims.late(now):
            self.counters["nobody sat down"] += 1
            self._forget(self._rooms[late])
        for room in list(self._rooms.values()):
            room.on_timer(now)
            self._call_parent(room, now)
            self._collect(room)
            if room.is_over(now):
                room.seating.cuts += room.seating.boughs
                self._collect(room)
                self._forget(room)

    def to_send(self) -> list[tuple[int, Message]]:
        """Messages to send, each with its link."""
        out, self._out = self._out, []
        return out

    def next_event(self) -> Cut | Call | None:
        """Work for the shell, oldest first."""
        return self._events.pop(0) if self._events else None

    def called(self, call: Call, link: int | None, tie: bytes, now: float) -> None:
        """A call ended.

        Args:
            call: As it was given.
            link: Number of the link that came up; None: there is none.
            tie: Of the link.
            now: Monotonic seconds.
        """
        self._calling.discard((call.room, call.dh))
        room = self._rooms.get(call.room)
        if link is None:
            if room is not None:
                room.place.failed(call.dh, now)
            return
        self._probes.answered(call.address)
        self.link_up(link, call.dh, tie, now)
        if room is None:
            self._events.append(Cut(link))
            return
        self._links[link].joining = room.id
        self._out += [(link, Open(room.genesis)), (link, JoinTree(room.id))]

    def _forget(self, room: RelayRoom) -> None:
        del self._rooms[room.id]
        self._claims.forget(room.id)

    def _answer(self, link: int, now: float, enter: Callable[[_Link], str]) -> None:
        """Lets ``enter`` try; what it returns is the reason of a refusal."""
        one = self._links.get(link)
        if one is None:
            raise RemoteError("no such link")
        if not one.enter.take(now):
            raise RemoteError("over the rate")
        refusal = self.closed or enter(one)
        if refusal:
            self.counters[refusal] += 1
            self._out.append((link, RelayRefuse(refusal)))

    def _open(self, message: Open, one: _Link, link: int, now: float) -> str:
        room_id = room_id_of(message.genesis)
        room = self._rooms.get(room_id)
        if room is None:
            floor = FloorRoom(message.genesis)
            if not self._claims.say(room_id, link, one.net, now):
                return "full"
            room = self._rooms[room_id] = RelayRoom(floor, self._own_dh, self._limits(), now)
        try:
            room.take_ops(message.ops, link, now)
        finally:
            self._collect(room)
        return ""

    def _pass(self, message: Pass, one: _Link, link: int, now: float) -> str:
        room = self._rooms.get(message.room)
        if room is None:
            return "no_room"
        member = member_id(message.sign, message.dh)
        if message.dh != one.dh:
            raise RemoteError("keys of another link")
        here, keys = (self._own_dh, message.room, one.tie), (message.sign, message.dh)
        check_self(message.sign, *here, message.proof)
        check_pass(message.pass_public, *here, keys, message.pass_proof)
        if member in room.state.removed:
            return "removed"
        if not room.opens(message.pass_public, member, now):
            return "bad_pass"
        known = any(seat.member == member for seat in room.seating.seats.values())
        if not known and len(room.seating.seats) >= SEATS_MAX:
            return "full"
        if not known and self._is_busy(now):
            return "busy"
        if one.room not in (None, room):
            raise RemoteError("a link carries one room")
        if not self._claims.seat(room.id, one.net):
            return "full"
        if link not in room.seating.seats:
            one.room = room
            room.attach(link, member, now)
            self._collect(room)
        return ""

    def _join(self, message: JoinTree, one: _Link, link: int, now: float) -> str:
        room = self._rooms.get(message.room)
        if room is None or not self._claims.is_real(room.id):
            return "no_room"
        if one.dh not in {carrier.dh for carrier in room.state.carriers}:
            return "no_room"
        if one.room is not None or len(room.seating.boughs) >= BOUGHS_MAX:
            return "full"
        one.room = room
        room.join(link, one.dh, now, asked=True)
        self._collect(room)
        return ""

    def _passed(self, message: Passed, link: int, now: float) -> None:
        """A relay that we called took us in."""
        one = self._links.get(link)
        if one is None or one.joining != message.room:
            raise RemoteError("answer to no question")
        one.joining = None
        room = self._rooms.get(message.room)
        if room is None or not room.place.joined(one.dh):
            self._events.append(Cut(link))
            return
        for other, bough in list(room.seating.boughs.items()):
            if self._is_above(room, bough.dh):
                room.detach(other, now)
                self._events.append(Cut(other))
        one.room = room
        room.join(link, one.dh, now, asked=False)
        room.receive(Present(room.id, message.members, ()), link, now)
        self._collect(room)

    def _refused(self, link: int) -> None:
        one = self._links.get(link)
        if one is None or one.joining is None:
            raise RemoteError("answer to no question")
        self._events.append(Cut(link))

    def _is_above(self, room: RelayRoom, dh: DhKey) -> bool:
        keys = [carrier.dh for carrier in room.state.carriers]
        return self._own_dh in keys and dh in keys[: keys.index(self._own_dh)]

    def _seated(self, room_id: RoomId, link: int) -> RelayRoom:
        one = self._links.get(link)
        if one is None or one.room is None or one.room.id != room_id:
            raise RemoteError("not attached")
        return one.room

    def _call_parent(self, room: RelayRoom, now: float) -> None:
        dh = room.place.to_try(now)
        if dh is None or (room.id, dh) in self._calling or self.closed:
            return
        if not self._claims.is_real(room.id):
            return  # nobody has us call others by inventing a room
        if any(one.joining == room.id and one.dh == dh for one in self._links.values()):
            return
        [carrier, *_] = [each for each in room.state.carriers if each.dh == dh]
        address = _address_of(carrier)
        if address is None or not self._probes.may_call(address, now):
            room.place.failed(dh, now)
            return
        self._calling.add((room.id, dh))
        self._events.append(Call(room.id, dh, address))

    def _collect(self, room: RelayRoom) -> None:
        """Takes over what a room wants to be sent and cut."""
        self._out += room.to_send()
        for link in room.seating.cuts:
            self._links[link].room = None
            self._events.append(Cut(link))
        room.seating.cuts.clear()


def _address_of(carrier: Carrier) -> Address | None:
    """Where a relay is said to be; None for what no node can have."""
    try:
        ip = str(ipaddress.ip_address(carrier.ip))
    except ValueError:
        return None
    return (ip, carrier.port) if scope_of(ip) is not None else None
