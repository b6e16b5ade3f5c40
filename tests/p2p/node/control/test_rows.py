"""Of thousands of rows only those are made again of whose members something has changed."""

import dataclasses

import pytest

from lab.room_people import People
from p2p.node.control import rows
from p2p.node.control.rows import EVERY_S, Rows
from p2p.node.member_numbers import MemberNumbers
from p2p.room.state.member_map import MemberMap


class Screen:
    """Looks at a room of seven, and notes whose rows were made."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.members = people.state().members
        self.numbers = MemberNumbers(people.ids[0])
        for one in people.ids:
            self.numbers.number(one)
        self.rows = Rows(self.numbers)
        self.now = 0.0
        self.made: list[int] = []

    def look(self, here=frozenset(), places=None, busy=(), also=()) -> tuple:
        self.made = []

        def make(member):
            self.made.append(self.numbers.number(member.id))
            return self.numbers.number(member.id), str(member.name)

        self.now += EVERY_S
        changed = self.rows.changed(self.members, here, places or {})
        return self.rows.look({*changed, *also}, busy, make, self.now)


@pytest.fixture
def screen(monkeypatch) -> Screen:
    monkeypatch.setattr(rows, "AT_ONCE", 2)
    return Screen(People(6))


def test_all_rows_are_there_at_once_in_the_order_of_numbers(screen):
    assert [number for number, _ in screen.look()] == [1, 2, 3, 4, 5, 6, 7]


def test_then_those_that_changed_are_made_and_two_others_in_turn(screen):
    ids, made = screen.people.ids, []
    screen.look()
    for _ in range(3):
        screen.look()
        made.append(screen.made)
    assert made == [[3, 4], [5, 6], [7]]
    screen.members = screen.members.but([dataclasses.replace(screen.members[ids[4]], rank=2)])
    screen.look()
    assert screen.made == [5, 2, 3]
    screen.look(here={ids[5]})
    assert screen.made == [6, 4, 5]
    screen.look(here={ids[5]}, places={ids[2]: 1}, busy=[ids[1]], also=[ids[0]])
    assert sorted(screen.made) == [1, 2, 3, 6, 7]


def test_not_more_often_than_so_however_often_one_looks(screen):
    screen.look()
    screen.look()
    screen.now -= EVERY_S / 2
    screen.look()
    assert screen.made == []


def test_whoever_is_forgotten_has_no_row_and_a_newcomer_gets_one(screen):
    ids = screen.people.ids
    screen.look()
    kept = [member for member in screen.members.values() if member.id != ids[3]]
    gone = screen.members[ids[3]]
    screen.members = MemberMap(kept)
    assert [number for number, _ in screen.look()] == [1, 2, 3, 5, 6, 7]
    screen.look(also=[ids[3]])
    screen.members = screen.members.but([gone])
    assert [number for number, _ in screen.look()] == [1, 2, 3, 4, 5, 6, 7]


def test_in_a_small_room_all_rows_are_made_at_each_look():
    screen = Screen(People(2))
    screen.look()
    screen.look()
    assert screen.made == [1, 2, 3]
