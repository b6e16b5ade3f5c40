from lab.room_people import Rooms
from p2p.api import events
from p2p.node.control.events import EventReporter
from p2p.node.control.hands import HandTeller, places_here
from p2p.node.member_numbers import MemberNumbers
from p2p.room import commands as c

A, B, C = b"a" * 16, b"b" * 16, b"c" * 16


def test_whoever_is_gone_has_no_place_and_gets_it_back_on_coming_back() -> None:
    assert places_here([A, B, C], lambda one: one != A) == {B: 1, C: 2}
    assert places_here([A, B, C], lambda _: True) == {A: 1, B: 2, C: 3}


def test_only_places_that_changed_are_told() -> None:
    teller = HandTeller()
    assert list(teller.news({A: 1, B: 2})) == [(A, 1), (B, 2)]
    assert list(teller.news({A: 1, B: 2})) == []
    assert list(teller.news({B: 1})) == [(A, None), (B, 1)]
    assert list(teller.news({A: 1, B: 2})) == [(A, 1), (B, 2)]


class InReach:
    """Says who can be reached."""

    here = frozenset()

    def __init__(self) -> None:
        self.gone: set[bytes] = set()

    def next_event(self) -> None:
        return None

    def is_here(self, member: bytes) -> bool:
        return member not in self.gone


def test_a_ghost_does_not_stand_first_in_the_queue() -> None:
    rooms = Rooms(3, join=False)
    for room in rooms.rooms[1:]:
        rooms[0].admit(room.join_op)
    rooms.deliver()
    told: list[events.Event] = []
    roll, mesh = MemberNumbers(rooms.ids[0]), InReach()
    teller = EventReporter(roll, told.append)
    for number in (1, 2):
        rooms.do(number, c.RaiseHand())
    teller.tell_room(rooms[0], mesh)
    first, second = rooms[0].state.queue
    mesh.gone.add(first)
    del told[:]
    teller.tell_room(rooms[0], mesh)
    hands = [event for event in told if isinstance(event, events.HandChanged)]
    assert hands == [
        events.HandChanged(roll.number(first), None),
        events.HandChanged(roll.number(second), 1),
    ]
