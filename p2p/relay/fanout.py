"""Copies of frames to the links of a room, and a heartbeat to those that get none.

How copies are sealed and sent is the fan-out's business; here is who gets them, held to the cap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from crypto.ids import RoomId
from p2p.relay.limits import Uplink
from p2p.relay.portion import WHOLE, Portion
from p2p.relay.room import RelayRoom
from p2p.wire.hop import HEARTBEAT

L = TypeVar("L")
L_contra = TypeVar("L_contra", contravariant=True)
"""A link, which only the fan-out has to know."""

HEARTBEAT_EVERY_S = 0.15
"""To whom no sound goes, member or relay; members miss a relay after twice or thrice that."""

_NONE: frozenset[int] = frozenset()
PACKET_BYTES = 28 + 12 + 16
"""What IP, UDP, RTP and SRTP add to a frame."""


class Route(Protocol):
    """The way of frames to a set of links."""

    def send(self, frame: bytes) -> int:
        """Sends one frame to all; says to how many."""
        ...


class FanOut(Protocol[L_contra]):
    """Makes routes."""

    def route(self, links: Sequence[L_contra]) -> Route:
        """For these links."""
        ...


@dataclass(slots=True)
class _Spoken:
    """Of one room: routes of this version, by source, and when each source was last heard.

    ``narrow`` are the links that get only a portion of the frames.
    """

    version: int
    narrow: dict[int, Portion]
    routes: dict[object, tuple[Route, int]] = field(default_factory=dict)
    last_s: dict[int, float] = field(default_factory=dict)


class Spread(Generic[L]):
    """Frames of all rooms on their way out.

    Args:
        fanout: How.
        links: All links of the relay by number.
        uplink: The cap.

    Attributes:
        frames: Copies sent.
        dropped: Frames that would have been over the cap.
    """

    def __init__(self, fanout: FanOut[L], links: Mapping[int, L], uplink: Uplink) -> None:
        self.uplink = uplink
        self.frames = 0
        self.dropped = 0
        self._fanout = fanout
        self._links = links
        self._rooms: dict[RoomId, _Spoken] = {}

    def send(self, room: RelayRoom, source: int, frame: bytes, now: float) -> None:
        """Copies a frame that came over ``source`` to everybody else in the room."""
        spoken = self._spoken(room)
        narrow = spoken.narrow
        left_out = frozenset([n for n in narrow if not narrow[n].takes(frame)]) if narrow else _NONE
        found = spoken.routes.get((source, left_out))
        if found is None:
            links = [link for link in room.seating.listeners(source) if link not in left_out]
            found = self._route(spoken, (source, left_out), links)
        if self._pay(found[1], frame, now):
            spoken.last_s[source] = now
            self.frames += found[0].send(frame)
        else:
            self.dropped += 1

    def beat(self, room: RelayRoom, now: float) -> None:
        """Lets those know that the relay is there to whom nothing was sent just now."""
        spoken = self._spoken(room)
        speaking = {s for s, at_s in spoken.last_s.items() if now - at_s < HEARTBEAT_EVERY_S}
        # Who speaks alone hears nobody; whoever speaks beside another is sent the other's sound.
        quiet = frozenset(speaking) if len(speaking) == 1 else None if speaking else frozenset()
        found = spoken.routes.get(("beat", quiet))
        if found is None:
            sent = set[int]().union(*(room.seating.listeners(source) for source in speaking))
            unsent = [link for link in room.seating.all_but(None) if link not in sent]
            found = self._route(spoken, ("beat", quiet), unsent)
        if found[1]:
            self._pay(found[1], HEARTBEAT, now)  # sent over the cap too: without it they all leave
            found[0].send(HEARTBEAT)

    def keep_only(self, rooms: Sequence[RelayRoom]) -> None:
        """Forgets rooms that are over."""
        ids = {room.id for room in rooms}
        self._rooms = {name: spoken for name, spoken in self._rooms.items() if name in ids}

    def _spoken(self, room: RelayRoom) -> _Spoken:
        spoken = self._rooms.get(room.id)
        if spoken is None or spoken.version != room.seating.version:
            last_s = spoken.last_s if spoken is not None else {}
            here = {s: at_s for s, at_s in last_s.items() if room.seating.at(s) is not None}
            seats = room.seating.seats
            narrow = {n: seat.portion for n, seat in seats.items() if seat.portion != WHOLE}
            spoken = self._rooms[room.id] = _Spoken(room.seating.version, narrow, last_s=here)
        return spoken

    def _route(self, spoken: _Spoken, name: object, numbers: list[int]) -> tuple[Route, int]:
        links = [self._links[number] for number in numbers if number in self._links]
        made = spoken.routes[name] = (self._fanout.route(links), len(links))
        return made

    def _pay(self, copies: int, frame: bytes, now: float) -> bool:
        return self.uplink.take(copies * (len(frame) + PACKET_BYTES), now)
