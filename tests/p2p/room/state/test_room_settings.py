"""Settings: the newest word of each author, what replaces what, and the stricter of two."""

import pytest

from lab.room_people import People, genesis_of, identity
from p2p.errors import UserError
from p2p.room import commands
from p2p.room.ops import kinds
from p2p.room.room import Room
from tests.p2p.room.state.test_authority import court


def test_a_new_value_replaces_those_that_its_author_saw():
    people = court()
    people.act(3, kinds.Lock, True)
    seen = people.state().over[kinds.Lock]
    people.act(4, kinds.Lock, False, seen)
    assert not people.state().locked
    people.act(3, kinds.Lock, True, people.state().over[kinds.Lock])
    assert people.state().locked


def test_of_one_author_the_newest_counts_without_saying_so():
    people = court()
    for _ in range(4):
        for mode in ("invited", "open", "ask"):
            people.act(3, kinds.Entry, mode)
            assert people.state().entry == mode
    for on in (True, False) * 4:
        people.act(3, kinds.Let, people.ids[6], on)
        assert people.state().let == {people.ids[6]: on}


def test_of_two_at_once_the_stricter_is_read():
    people = court()
    people.act(3, kinds.Lock, True)
    people.act(4, kinds.Lock, False)
    people.act(3, kinds.Entry, "ask")
    people.act(4, kinds.Entry, "invited")
    people.act(1, kinds.Entry, "open")
    state = people.state()
    assert (state.locked, state.entry) == (True, "invited")
    assert len(state.over[kinds.Entry]) == 3


def test_where_nothing_is_stricter_the_senior_is_read():
    people = court()
    people.act(3, kinds.Topic, "of a moderator")
    people.act(1, kinds.Topic, "of a co-host")
    people.act(3, kinds.Profile, 1)
    relays = tuple(kinds.Carrier(bytes([n]) * 32, b"1234", 4433) for n in (1, 2))
    out = kinds.Carrier(bytes([3]) * 32, bytes(4), 1)
    people.act(3, kinds.Carriers, (relays[0], out, relays[1]))
    state = people.state()
    assert state.topic == "of a co-host"
    assert state.profile == 1
    assert (state.carriers, state.carriers_out) == (relays, (out,))


def test_nobody_without_the_power_replaces_a_setting():
    people = court()
    lock = people.act(3, kinds.Lock, True)
    people.write(6, kinds.Lock, False, (lock.id,))
    people.act(5, kinds.Lock, False, (lock.id,))
    assert people.state().locked


def test_a_room_begins_as_its_genesis_says():
    state = People(1).state()
    assert (state.entry, state.locked, state.profile, state.carriers) == ("open", False, 0, ())


def test_a_yes_or_no_to_somebody_is_the_most_seniors_newest():
    people = court()
    stranger = b"s" * 16
    people.act(3, kinds.Let, stranger, True)
    people.act(3, kinds.Let, stranger, False)
    people.act(4, kinds.Let, stranger, True)
    assert people.state().let == {stranger: False}
    people.ops.reverse()
    assert people.state().let == {stranger: False}
    people.ops.reverse()
    people.act(1, kinds.Let, stranger, True)
    assert people.state().let == {stranger: True}


def test_who_was_turned_away_is_in_no_roster_and_only_juniors_can_be():
    people = court()
    people.act(3, kinds.Let, people.ids[6], False)
    people.act(3, kinds.Let, people.ids[1], False)
    roster = {member.id for member in people.state().roster()}
    assert roster == set(people.ids) - {people.ids[6]}


@pytest.mark.parametrize(("on", "code"), [(True, "locked_already"), (False, "open_already")])
def test_a_lock_that_is_so_already_is_said_and_nothing_is_signed(on, code):
    host = identity(0)
    room = Room(host, genesis_of(host).encode(), "host", now=0.0)
    if on:
        room.do(commands.SetLock(True), 1.0)
    before = room.ids()
    with pytest.raises(UserError, match=code):
        room.do(commands.SetLock(on), 2.0)
    assert room.ids() == before
