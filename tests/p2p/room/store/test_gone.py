"""What is remembered of what no longer counts."""

import pytest

from lab.room_people import People
from p2p.room.ops import kinds
from p2p.room.store import gone
from p2p.room.store.gone import Gone


def test_what_was_spent_has_been_seen():
    people = People(1)
    old, new = people.raise_hand(1), people.raise_hand(1)
    memory = Gone()
    memory.spend(old.id)
    assert memory.has_seen(old)
    assert not memory.has_seen(new)


def test_of_a_member_that_is_forgotten_all_has_been_seen_but_whom_it_let_in():
    people = People(2)
    hand, other = people.raise_hand(1), people.raise_hand(2)
    admit = people.write(1, kinds.Admit, people.ops[2].body.join)
    leave = people.write(1, kinds.Leave)
    memory = Gone()
    memory.forget(leave)
    assert memory.has_seen(hand)
    assert not memory.has_seen(other)
    assert not memory.has_seen(admit)


def test_a_leave_is_kept_for_those_who_ask_until_it_is_recalled():
    people = People(1)
    leave = people.write(1, kinds.Leave)
    memory = Gone()
    memory.forget(leave)
    assert memory.members == {people.ids[1]}
    assert memory.leave_of(people.ids[1]) == leave.data
    assert memory.recall(people.ids[1]) == leave.data
    assert memory.members == set()
    assert not memory.has_seen(leave)


def test_beyond_so_many_the_oldest_are_let_go(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gone, "SPENT_MAX", 2)
    monkeypatch.setattr(gone, "FORGOTTEN_MAX", 1)
    people = People(2)
    hands = [people.raise_hand(0) for _ in range(4)]
    leaves = [people.write(number, kinds.Leave) for number in (2, 1)]
    memory = Gone()
    for hand in hands:
        memory.spend(hand.id)
    for leave in leaves:
        memory.forget(leave)
    memory.limit()
    assert [memory.has_seen(hand) for hand in hands] == [False, False, True, True]
    assert memory.members == {people.ids[1]}
