"""What is said of members who come and go."""

import pytest

from lab.room_people import Rooms
from p2p.api import events
from p2p.node.control.events import EventReporter
from p2p.node.member_numbers import MemberNumbers
from p2p.room import commands as c
from p2p.room.store import pruning, reading


class EverybodyInReach:
    here = frozenset()

    def next_event(self) -> None:
        return None

    def is_here(self, member: bytes) -> bool:
        return True


@pytest.mark.parametrize("unsettled", [256, 1])
def test_who_leaves_and_is_forgotten_at_once_is_said_to_have_left_once(
    unsettled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "LEFT_MAX", 0)
    monkeypatch.setattr(reading, "UNREAD_MAX", unsettled)
    rooms = Rooms(3, join=False)
    for room in rooms.rooms[1:]:
        rooms[0].admit(room.join_op)
    rooms.deliver()
    told: list[events.Event] = []
    teller = EventReporter(MemberNumbers(rooms.ids[0]), told.append)
    teller.tell_room(rooms[0], EverybodyInReach())
    for number in (1, 2):
        rooms.do(number, c.RaiseHand())
        teller.tell_room(rooms[0], EverybodyInReach())
        del told[:]
        rooms.do(number, c.Leave())
        teller.tell_room(rooms[0], EverybodyInReach())
    rooms.do(3, c.RaiseHand())
    teller.tell_room(rooms[0], EverybodyInReach())
    changed = [event for event in told if isinstance(event, events.MemberChanged)]
    assert [(event.id, event.state) for event in changed] == [(rooms.ids[2].hex(), "left")]
    assert any(isinstance(event, events.HandChanged) and event.place is None for event in told)
