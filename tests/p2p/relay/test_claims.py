"""Rooms that were only said, and rooms in which somebody sits."""

from p2p.relay.claims import PASS_WITHIN_S, Claims
from p2p.relay.limits import Limits

NET, OTHER = b"net", b"oth"


def claims(**limits: int) -> Claims:
    return Claims(lambda: Limits(**limits))


def test_a_link_says_one_room_at_a_time_and_may_say_another_when_somebody_sits() -> None:
    rooms = claims()
    assert rooms.say(b"1", 7, None, 0.0)
    assert not rooms.say(b"2", 7, None, 0.0)
    assert rooms.say(b"2", 8, None, 0.0)
    assert rooms.said_by(7) == [b"1"]
    assert rooms.seat(b"1", None)
    assert rooms.said_by(7) == []
    assert rooms.say(b"3", 7, None, 0.0)
    assert [rooms.is_real(room) for room in (b"1", b"2", b"3")] == [True, False, False]


def test_nobody_in_time_and_the_room_is_late() -> None:
    rooms = claims()
    rooms.say(b"1", 7, None, 0.0)
    rooms.say(b"2", 8, None, 1.0)
    assert rooms.late(PASS_WITHIN_S) == []
    assert rooms.late(PASS_WITHIN_S + 0.1) == [b"1"]
    rooms.forget(b"1")
    rooms.seat(b"2", None)
    assert rooms.late(99.0) == []


def test_only_rooms_in_which_somebody_sits_take_a_place() -> None:
    rooms = claims(max_rooms=2)
    for number in range(9):
        assert rooms.say(b"%d" % number, number, None, 0.0)
    assert rooms.seat(b"1", None)
    assert rooms.seat(b"2", None)
    assert not rooms.seat(b"3", None)
    assert not rooms.say(b"x", 99, None, 0.0)
    assert rooms.seat(b"1", NET)  # it is there: whoever comes is welcome
    rooms.forget(b"1")
    assert rooms.seat(b"3", None)


def test_a_net_has_its_share_of_rooms_and_no_more() -> None:
    rooms = claims(max_rooms_per_net=2)
    assert [rooms.seat(b"%d" % number, NET) for number in range(3)] == [True, True, False]
    assert not rooms.say(b"y", 1, NET, 0.0)
    assert rooms.seat(b"z", OTHER)
