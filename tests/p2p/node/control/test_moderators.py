"""A room whose only moderator's program died says so, and one that could die so is told before."""

from typing import Any

from lab.room_people import Rooms
from p2p.api.events import ModeratorsChanged, Notice
from p2p.node.control.moderators import AWAY_S, LOOK_EVERY_S, ModeratorWatch
from p2p.node.member_numbers import MemberNumbers
from p2p.room import commands as c

NOBODY, AGAIN = ModeratorsChanged(here=False), ModeratorsChanged(here=True)


class Eyes:
    """What the member ``number`` of some rooms is told, second by second."""

    def __init__(self, rooms: Rooms, number: int) -> None:
        self.numbers = MemberNumbers(rooms.ids[number])
        self.watch = ModeratorWatch(self.numbers)
        self.here = set(rooms.ids)
        self.verified: set[bytes] = set()
        self._room = rooms[number]
        self._now = 100.0

    def see(self, seconds: float = AWAY_S + 2 * LOOK_EVERY_S) -> list[Any]:
        told: list[Any] = []
        for _ in range(int(seconds * 5)):
            self._now += 0.2
            news = self.watch.news(self._room, self.here.__contains__, self.verified, self._now)
            told += news
        return told


def test_a_host_whose_program_died_is_missed_though_it_never_left() -> None:
    rooms = Rooms(2)
    eyes = Eyes(rooms, 1)
    assert eyes.see() == []
    eyes.here.remove(rooms.ids[0])
    assert eyes.see() == [NOBODY]
    assert eyes.watch.nobody
    assert eyes.see() == []
    eyes.here.add(rooms.ids[0])
    assert eyes.see() == [AGAIN]
    assert not eyes.watch.nobody


def test_a_moment_without_a_link_is_no_absence() -> None:
    rooms = Rooms(2)
    eyes = Eyes(rooms, 1)
    eyes.here.remove(rooms.ids[0])
    assert eyes.see(AWAY_S - 1) == []
    eyes.here.add(rooms.ids[0])
    assert eyes.see() == []


def test_alone_it_may_be_our_own_network() -> None:
    rooms = Rooms(2)
    eyes = Eyes(rooms, 1)
    eyes.here.clear()
    assert eyes.see() == []


def test_a_host_that_left_is_missed_at_once_and_by_whoever_is_alone_too() -> None:
    rooms = Rooms(2)
    eyes = Eyes(rooms, 1)
    rooms.do(0, c.Leave())
    eyes.here.clear()
    assert eyes.see(2 * LOOK_EVERY_S) == [NOBODY]


def test_a_second_moderator_is_enough_and_our_own_powers_are() -> None:
    rooms = Rooms(2)
    rooms.do(0, c.Promote(rooms.ids[1], 1))
    for number in (1, 2):
        eyes = Eyes(rooms, number)
        eyes.here.remove(rooms.ids[0])
        assert NOBODY not in eyes.see()


def test_a_host_is_told_who_could_run_the_room_as_soon_as_it_knows_somebody() -> None:
    rooms = Rooms(2)
    eyes = Eyes(rooms, 0)
    assert eyes.see() == [], "nobody here is known"
    rooms.do(2, c.RaiseHand())
    rooms.do(0, c.Accept(rooms.ids[2]))
    rooms.do(2, c.TakeFloor())
    (proposal,) = eyes.see()
    assert isinstance(proposal, Notice)
    assert (proposal.code, proposal.n) == ("propose_second", eyes.numbers.number(rooms.ids[2]))
    assert "`promote {n} co-host`" in proposal.message
    assert eyes.see() == [], "once"
    assert not eyes.watch.nobody


def test_whose_words_were_compared_comes_first_and_whoever_is_gone_not_at_all() -> None:
    rooms = Rooms(3)
    for number in (1, 2):
        rooms.do(number, c.RaiseHand())
        rooms.do(0, c.Accept(rooms.ids[number]))
        rooms.do(number, c.TakeFloor())
    eyes = Eyes(rooms, 0)
    eyes.verified.add(rooms.ids[3])
    assert eyes.see()[0].n == eyes.numbers.number(rooms.ids[3])
    other = Eyes(rooms, 0)
    other.here -= {rooms.ids[1], rooms.ids[3]}
    assert other.see()[0].n == other.numbers.number(rooms.ids[2])


def test_when_the_second_one_is_gone_again_another_is_proposed() -> None:
    rooms = Rooms(2)
    eyes = Eyes(rooms, 0)
    eyes.verified |= {rooms.ids[1], rooms.ids[2]}
    assert len(eyes.see()) == 1
    rooms.do(0, c.Promote(rooms.ids[1], 1))
    assert eyes.see() == []
    eyes.here.remove(rooms.ids[1])
    assert eyes.see()[0].n == eyes.numbers.number(rooms.ids[2])


def test_a_co_host_alone_proposes_a_moderator_and_a_moderator_can_name_none() -> None:
    rooms = Rooms(3)
    rooms.do(0, c.Promote(rooms.ids[1], 1))
    rooms.do(0, c.Promote(rooms.ids[2], 2))
    rooms.do(0, c.Leave())
    for number, words in ((1, "`promote {n} moderator`"), (2, None)):
        eyes = Eyes(rooms, number)
        eyes.here = {rooms.ids[3]}
        eyes.verified.add(rooms.ids[3])
        told = eyes.see()
        assert [words in one.message for one in told] == ([True] if words else [])
