"""Who gets copies, and who a heartbeat instead."""

from p2p.relay.fanout import HEARTBEAT_EVERY_S, PACKET_BYTES, Spread
from p2p.relay.limits import Limits, Uplink
from p2p.relay.portion import Portion
from p2p.relay.seating import Seating
from p2p.relay.sessions import Allowances, Bough, Seat
from p2p.wire.hop import HEARTBEAT

FRAME = b"frame" * 40


class Link:
    def __init__(self) -> None:
        self.got: list[bytes] = []

    def send_frame(self, frame: bytes) -> bool:
        self.got.append(frame)
        return True


class OneByOne:
    def route(self, links: list[Link]) -> "Way":
        return Way(links)


class Way:
    def __init__(self, links: list[Link]) -> None:
        self.links = links

    def send(self, frame: bytes) -> int:
        return sum(link.send_frame(frame) for link in self.links)


class Room:
    """As much of a room as is asked: seats 1 to 3, the third in reserve; a relay on link 9."""

    id = b"room"

    def __init__(self) -> None:
        self.seating, may = Seating(), Allowances(Limits(), 0.0)
        for link in (1, 2, 3):
            self.seating.sit(link, Seat(bytes([link]), may, tuned=link != 3))
        self.seating.hang(9, Bough(bytes([9]), may), sound=True)


def a_spread(rate: float = 1e6):
    links = {n: Link() for n in (1, 2, 3, 9)}
    return Spread(OneByOne(), links, Uplink(rate, 0.0)), links, Room()


def got(links) -> dict[int, list[bytes]]:
    return {n: link.got for n, link in links.items() if link.got}


def test_a_frame_is_copied_to_all_others() -> None:
    spread, links, room = a_spread()
    spread.send(room, 1, FRAME, 0.0)
    spread.send(room, 9, FRAME, 0.0)
    assert got(links) == {1: [FRAME], 2: [FRAME, FRAME], 9: [FRAME]}
    assert spread.frames == 4


def test_in_silence_everybody_gets_heartbeats() -> None:
    spread, links, room = a_spread()
    spread.beat(room, 0.0)
    spread.beat(room, 0.0)
    assert got(links) == {n: [HEARTBEAT] * 2 for n in (1, 2, 3, 9)}


def test_who_speaks_alone_and_who_waits_in_reserve_get_heartbeats_too() -> None:
    spread, links, room = a_spread()
    spread.send(room, 1, FRAME, 0.0)
    spread.beat(room, HEARTBEAT_EVERY_S / 2)
    assert links[1].got == [HEARTBEAT]
    assert links[3].got == [HEARTBEAT]
    assert links[2].got == [FRAME]
    spread.send(room, 2, FRAME, HEARTBEAT_EVERY_S / 2)
    spread.beat(room, HEARTBEAT_EVERY_S * 0.9)
    assert links[1].got == [HEARTBEAT, FRAME]
    assert links[3].got == [HEARTBEAT, HEARTBEAT]


def test_a_relay_that_alone_brings_sound_gets_heartbeats_back() -> None:
    spread, links, room = a_spread()
    spread.send(room, 9, FRAME, 0.0)
    spread.beat(room, 0.0)
    assert links[9].got == [HEARTBEAT]
    assert links[1].got == links[2].got == [FRAME]
    spread.send(room, 1, FRAME, 0.01)
    spread.beat(room, 0.02)
    assert links[9].got == [HEARTBEAT, FRAME]
    spread.beat(room, HEARTBEAT_EVERY_S + 0.01)
    assert links[9].got == [HEARTBEAT, FRAME, HEARTBEAT]


def test_a_changed_room_is_seen_at_once() -> None:
    spread, links, room = a_spread()
    spread.send(room, 1, FRAME, 0.0)
    room.seating.drop(2)
    del links[2]
    spread.send(room, 1, FRAME, 0.02)
    assert links[9].got == [FRAME, FRAME]
    spread.keep_only([])
    assert spread._rooms == {}


def numbered(counter: int, slot: int = 1, profile: int = 0) -> bytes:
    """A frame of the tree as far as a relay reads it."""
    head = bytes((0x80 | profile, 0xBB, slot << 2, 0, 0, 0))
    return head + counter.to_bytes(4, "big") + bytes(200)


def test_who_has_a_narrow_line_gets_the_portion_it_asked_for_and_nobody_else_less() -> None:
    spread, links, room = a_spread()
    room.seating.give(room.seating.seats[2], Portion(3, 0, 3))
    frames = [numbered(counter) for counter in range(30)]
    for frame in frames:
        spread.send(room, 1, frame, 0.0)
    assert links[2].got == frames[::3]
    assert links[9].got == frames
    assert len(spread._rooms[room.id].routes) == 2
    assert spread.frames == 40


def test_over_the_cap_frames_are_dropped_but_heartbeats_go_on() -> None:
    spread, links, room = a_spread(rate=2.0 * (len(FRAME) + PACKET_BYTES))
    spread.send(room, 1, FRAME, 0.0)
    spread.send(room, 1, FRAME, 0.0)
    assert (spread.frames, spread.dropped) == (2, 1)
    spread.beat(room, 0.01)
    assert links[3].got == [HEARTBEAT]


def test_a_room_with_nobody_in_it_gets_nothing() -> None:
    spread, links, room = a_spread()
    for link in (1, 2, 3, 9):
        room.seating.drop(link)
    spread.beat(room, 0.0)
    assert got(links) == {}
