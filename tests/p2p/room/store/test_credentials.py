"""What operations are checked by: keys, appointments, epochs."""

import pytest

from lab.room_people import People, identity
from p2p.errors import RemoteError
from p2p.room.ops import kinds
from p2p.room.ops.op import Pen
from p2p.room.store.credentials import Credentials


def credentials(people: People, *, blind: bool = False) -> Credentials:
    return Credentials(people.ids[0], people.keys[0].sign_key, blind=blind)


def test_a_member_can_be_checked_as_soon_as_its_admission_is_here():
    people = People(1)
    hand = people.raise_hand(1)
    known = credentials(people)
    assert not known.check(hand)
    known.learn(people.ops[1])
    assert known.check(hand)


def test_a_signature_of_another_key_is_refused():
    people = People(2)
    forger = Pen(identity(2), people.room_id)
    forger.write(kinds.Join, identity(2).sign_key, identity(2).dh, bytes(32), "x")
    forger.author = people.ids[1]
    known = credentials(people)
    known.learn(people.ops[1])
    with pytest.raises(RemoteError, match="forged"):
        known.check(forger.write(kinds.Leave))


def test_a_power_is_good_as_soon_as_its_appointment_is_here():
    people = People(1)
    promotion = people.promote(0, 1, 2)
    lock = people.act(1, kinds.Lock, True)
    known = credentials(people)
    known.learn(people.ops[1])
    assert not known.check(lock)
    known.learn(promotion)
    assert known.check(lock)
    assert known.ranks == {promotion.id: promotion}


def test_a_power_that_nobody_gave_is_refused():
    people = People(1)
    known = credentials(people)
    known.learn(people.ops[1])
    with pytest.raises(RemoteError, match="powerless"):
        known.check(people.write(1, kinds.Lock, True))


def test_what_is_said_under_an_epoch_is_good_as_soon_as_it_is_here():
    people = People(1)
    people.raise_hand(1)
    epoch = people.epoch()
    grant = people.accept(1)
    known = credentials(people)
    assert not known.check(grant)
    known.learn(epoch)
    assert known.check(grant)


def test_a_relay_takes_keys_from_appointments_and_a_member_does_not():
    people = People(1)
    promotion = people.promote(0, 1, 2)
    lock = people.act(1, kinds.Lock, True)
    member, relay = credentials(people), credentials(people, blind=True)
    member.learn(promotion)
    relay.learn(promotion)
    assert not member.check(lock)
    assert relay.check(lock)


def test_when_it_begins_anew_some_keys_stay_and_all_appointments_but_no_epoch():
    people = People(2)
    people.raise_hand(2)
    promotion = people.promote(0, 1, 2)
    epoch = people.epoch()
    hand, grant = people.raise_hand(2), people.accept(2)
    lock = people.act(1, kinds.Lock, True)
    known = credentials(people)
    for op in (*people.ops[:3], promotion, epoch):
        known.learn(op)
    assert all(map(known.check, (lock, hand, grant)))
    known.forget(but={people.ids[0], people.ids[1]})
    assert [known.check(op) for op in (lock, hand, grant)] == [True, False, False]
