"""Operations that wait for what they hang on."""

import pytest

from lab.room_people import People
from p2p.errors import RemoteError
from p2p.room.ops import kinds
from p2p.room.store.held import HELD_MAX, HELD_PER_AUTHOR_MAX, Held


def test_what_a_newcomer_said_waits_for_its_admission_alone():
    people = People(2)
    hand, other = people.raise_hand(1), people.raise_hand(2)
    held = Held()
    held.hold(hand)
    held.hold(other)
    assert held.waiting_for(people.ops[1], people.ids[1]) == [hand]
    assert held.waiting_for(hand, None) == []


def test_an_appointment_is_waited_for_by_its_member_and_by_what_names_it():
    people = People(2)
    promotion = people.promote(0, 1, 2)
    lock = people.act(1, kinds.Lock, True)
    hand, other = people.raise_hand(1), people.raise_hand(2)
    held = Held()
    for op in (other, lock, hand):
        held.hold(op)
    assert held.waiting_for(promotion, None) == [lock, hand]


def test_an_epoch_is_waited_for_by_what_is_said_under_it():
    people = People(1)
    people.raise_hand(1)
    epoch = people.epoch()
    grant = people.accept(1)
    lock = people.act(0, kinds.Lock, True)
    held = Held()
    held.hold(lock)
    held.hold(grant)
    assert held.waiting_for(epoch, None) == [grant]
    assert held.waiting_for(people.epoch(), None) == []


def test_what_is_dropped_waits_no_longer():
    people = People(1)
    hand = people.raise_hand(1)
    held = Held()
    held.hold(hand)
    assert hand.id in held
    held.drop(hand)
    assert hand.id not in held
    assert held.waiting_for(people.ops[1], people.ids[1]) == []


def test_one_author_makes_only_so_many_wait():
    people = People(2)
    held = Held()
    for _ in range(HELD_PER_AUTHOR_MAX):
        held.hold(people.raise_hand(1))
    with pytest.raises(RemoteError, match="stranger"):
        held.hold(people.raise_hand(1))
    held.hold(people.raise_hand(2))


def test_the_oldest_gives_way_to_the_newest():
    people = People(HELD_MAX // HELD_PER_AUTHOR_MAX + 1)
    hands = [
        people.raise_hand(n) for n in range(1, len(people.ids)) for _ in range(HELD_PER_AUTHOR_MAX)
    ]
    held = Held()
    for hand in hands:
        held.hold(hand)
    assert len(held) == HELD_MAX
    assert [hand.id for hand in hands if hand.id in held] == [hand.id for hand in hands[-HELD_MAX:]]
