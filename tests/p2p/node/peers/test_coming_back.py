"""Whom we ask to let us in again, how often, and when we give up."""

from lab.room_people import Rooms
from p2p.node.peers.coming_back import ASK_EVERY_S, GIVE_UP_S, ComingBack
from p2p.room import commands as c


def fallen(*, locked: bool) -> tuple[Rooms, ComingBack]:
    """Member 2 was let in by member 1, which is removed with its branch."""
    rooms = Rooms(3, join=False)
    for door, number in ((0, 1), (1, 2), (0, 3)):
        rooms[door].admit(rooms[number].join_op)
        rooms.deliver()
    coming = ComingBack(rooms[2])
    assert coming.whom_to_ask(rooms.ids, 0.0) is None
    assert coming.why_not(1000.0) is None
    rooms.do(0, c.Remove(rooms.ids[1], branch=True))
    if locked:
        rooms.do(0, c.SetLock(True))
    assert not rooms[2].is_in
    return rooms, coming


def test_all_in_reach_are_asked_one_after_the_other_but_not_ourselves():
    rooms, coming = fallen(locked=False)
    asked = [coming.whom_to_ask([rooms.ids[0], rooms.ids[2], rooms.ids[3]], 100.0)]
    assert coming.whom_to_ask([rooms.ids[0], rooms.ids[3]], 100.1) is None
    asked.append(coming.whom_to_ask([rooms.ids[0], rooms.ids[3]], 100.0 + ASK_EVERY_S))
    assert set(asked) == {rooms.ids[0], rooms.ids[3]}
    assert coming.whom_to_ask([], 200.0) is None


def test_who_asks_in_an_open_room_is_in_again_and_in_a_locked_one_is_not():
    for locked in (False, True):
        rooms, coming = fallen(locked=locked)
        assert coming.whom_to_ask([rooms.ids[3]], 100.0) == rooms.ids[3]
        rooms[3].readmit(rooms.ids[2], rooms[2].join_op, 0.0)
        rooms.deliver()
        assert rooms[2].is_in is not locked
        assert coming.whom_to_ask([rooms.ids[3]], 100.0 + GIVE_UP_S) is (
            rooms.ids[3] if locked else None
        )
        assert coming.why_not(100.0 + GIVE_UP_S) == ("locked" if locked else None)


def test_who_is_not_let_in_again_by_a_room_that_asks_is_told_so():
    rooms, coming = fallen(locked=False)
    rooms.do(0, c.SetEntry("invited"))
    coming.whom_to_ask([], 100.0)
    assert coming.why_not(100.0 + GIVE_UP_S - 0.1) is None
    assert coming.why_not(100.0 + GIVE_UP_S) == "denied"


def test_nobody_is_let_in_again_by_the_word_of_another():
    rooms, _ = fallen(locked=False)
    rooms[3].readmit(rooms.ids[0], rooms[2].join_op, 0.0)
    rooms[3].readmit(rooms.ids[2], b"noise", 0.0)
    rooms[3].readmit(rooms.ids[2], rooms[3].ops()[-1], 0.0)
    assert rooms.ids[2] not in rooms[3].state.members
    rooms[3].readmit(rooms.ids[2], rooms[2].join_op, 0.0)
    assert rooms.ids[2] in rooms[3].state.members
