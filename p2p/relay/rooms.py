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
from p2p.relay.cascade import Part, Say, Step
from p2p.relay.claims import Claims
from p2p.relay.limits import Limits
from p2p.relay.probes import Probes
from p2p.relay.room import SEATS_MAX, RelayRoom
from p2p.rng import Rng
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
    Present,
    RelayRefuse,
    RelayWraps,
    Route,
    Standing,
    Tune,
)

ENTER_RATE = Rate(burst=8.0, per_s=0.5)
TREE_RATE = Rate(burst=40.0, per_s=4.0)
SILENT_PARENT_S = 0.6
"""Four heartbeats: if the second parent lives, it takes over."""
NOBODY = DhKey(b"")


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
    talk: Allowance
    net: bytes | None
    room: RelayRoom | None = None
    tree: RoomId | None = None  # another relay's: the room of which it has spoken with us


class Rooms:
    """The rooms.

    Args:
        own_dh: The relay's public key.
        limits: Asked whenever it matters: they may change.
        is_busy: Whether there is no more sound to give, from the time.
        now: Monotonic seconds.
        rng: Source of random bytes.

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
        rng: Rng,
    ) -> None:
        self.closed = ""
        self.counters: Counter[str] = Counter()
        self._own_dh = own_dh
        self._limits = limits
        self._is_busy = is_busy
        self._rng = rng
        self._probes = Probes(now)
        self._claims = Claims(limits)
        self._links: dict[int, _Link] = {}
        self._rooms: dict[RoomId, RelayRoom] = {}
        self._out: list[tuple[int, Message]] = []
        self._events: list[Cut | Call] = []

    @property
    def count(self) -> int:
        """How many rooms are open."""
        return len(self._rooms)

    @property
    def carries(self) -> bool:
        """Whether somebody gets sound from here: members, or relays below this one."""
        return bool(self.attached) or any(room.cascade.children for room in self.rooms())

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
        enter, talk = Allowance(ENTER_RATE, now), Allowance(TREE_RATE, now)
        self._links[link] = _Link(dh, tie, enter, talk, net)

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
            self._collect(gone.room)
        tree = self._rooms.get(gone.tree) if gone.tree is not None else None
        if tree is not None and tree.cascade.links.get(gone.dh) == link:
            tree.cascade.lost(gone.dh, now)
            self._follow(tree, now)

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
            case Standing():
                self._standing(message, link, now)
            case Tune(on=on):
                self._seated(message.room, link).seating.tune(link, on=on)
            case RelayRefuse():
                self._refused(link, now)
            case (
                Floor() | FloorHave() | Gossip() | RelayWraps() | AskWrap() | Route()
                | Present() | Hear()
            ):  # fmt: skip
                if self._is_parting(message.room, link, now):
                    return True
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
            self._do(room, room.cascade.next_steps(), 0.0)
            self._collect(room)

    def on_timer(self, now: float) -> None:
        """Call at least twice a second: presence, calls to other relays, rooms that are over."""
        for late in self._claims.late(now):
            self.counters["nobody sat down"] += 1
            self._forget(self._rooms[late])
        for room in list(self._rooms.values()):
            room.on_timer(now)
            if self._claims.is_real(room.id):  # nobody has us call others by inventing a room
                room.cascade.on_timer(now)
            self._follow(room, now)
            if room.is_over(now):
                room.seating.cuts += [*room.seating.boughs, *room.seating.warm]
                self._collect(room)
                self._forget(room)

    def watch_parents(self, silent_s: Callable[[int], float], now: float) -> None:
        """Has the second parent take over from one that is silent.

        Args:
            silent_s: For how long nothing has come over a link, by its number.
            now: Monotonic seconds.
        """
        for room in self._rooms.values():
            links, parent = room.cascade.links, room.cascade.parent
            first, second = links.get(parent or NOBODY), links.get(room.cascade.second or NOBODY)
            if parent is None or first is None or second is None:
                continue
            if silent_s(first) > SILENT_PARENT_S >= silent_s(second):
                self.counters["silent parent"] += 1
                room.cascade.lost(parent, now)
                self._do(room, [Part(first)], now)
                self._follow(room, now)

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
        room = self._rooms.get(call.room)
        if link is None:
            if room is not None:
                room.cascade.lost(call.dh, now)
                self._follow(room, now)
            return
        self._probes.answered(call.address)
        self.link_up(link, call.dh, tie, now)
        if room is None:
            self._events.append(Cut(link))
            return
        self._links[link].tree = room.id
        self._out.append((link, Open(room.genesis)))
        self._do(room, room.cascade.linked(call.dh, link), now)

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
            room = self._rooms[room_id] = RelayRoom(
                floor, self._own_dh, self._limits(), now, self._rng
            )
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
        elsewhere = one.room not in (None, room) or one.tree not in (None, room.id)
        if elsewhere or link in room.seating.seats:
            return "full"
        one.tree = room.id
        old = room.cascade.links.get(one.dh)
        if old != link:
            if old is not None:  # it calls anew: its earlier link is no more
                room.cascade.lost(one.dh, now)
                self._do(room, [Part(old)], now)
            self._do(room, room.cascade.linked(one.dh, link), now)
        room.cascade.receive(message, one.dh, now)
        self._follow(room, now)
        return ""

    def _standing(self, message: Standing, link: int, now: float) -> None:
        """Another relay says where it stands."""
        one = self._links.get(link)
        if one is None or one.tree != message.room:
            raise RemoteError("answer to no question")
        if not one.talk.take(now):
            raise RemoteError("over the rate")
        room = self._rooms.get(message.room)
        if room is None or room.cascade.links.get(one.dh) != link:
            self._events.append(Cut(link))
            return
        room.cascade.receive(message, one.dh, now)
        self._follow(room, now)

    def _refused(self, link: int, now: float) -> None:
        one = self._links.get(link)
        if one is None or one.tree is None:
            raise RemoteError("answer to no question")
        room = self._rooms.get(one.tree)
        if room is not None:
            room.cascade.refused(one.dh, now)
            self._follow(room, now)
        if one.room is None:
            self._events.append(Cut(link))

    def _follow(self, room: RelayRoom, now: float) -> None:
        """Does what a room's place in the tree asks for, and has sound follow it."""
        while steps := room.cascade.next_steps():
            self._do(room, steps, now)
        room.follow_tree(now)
        joined = room.cascade.joined
        for dh, link in room.cascade.links.items():
            if dh in joined:
                self._links[link].room = room
        self._collect(room)

    def _do(self, room: RelayRoom, steps: list[Step], now: float) -> None:
        for step in steps:
            match step:
                case Say(link=link, message=message):
                    self._out.append((link, message))
                case Part(link=link):
                    room.detach(link, now)
                    self._events.append(Cut(link))
                    self._links[link].room = None
                case _:
                    self._reach(room, step.dh, now)

    def _reach(self, room: RelayRoom, dh: DhKey, now: float) -> None:
        carrier = next((each for each in room.state.carriers if each.dh == dh), None)
        address = None if carrier is None else _address_of(carrier)
        if address is None or self.closed or not self._probes.may_call(address, now):
            room.cascade.lost(dh, now)
            return
        self._events.append(Call(room.id, dh, address))

    def _is_parting(self, room: RoomId, link: int, now: float) -> bool:
        """Whether this is of a relay that took us, or hung here, when it sent it."""
        one = self._links.get(link)
        if one is None or one.room is not None or one.tree != room:
            return False
        return one.talk.take(now)

    def _seated(self, room_id: RoomId, link: int) -> RelayRoom:
        one = self._links.get(link)
        if one is None or one.room is None or one.room.id != room_id:
            raise RemoteError("not attached")
        return one.room

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
