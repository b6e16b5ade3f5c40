"""What a relay makes of floor operations: the same verdicts as members, without knowing them."""

import pytest

from lab.room_people import People
from p2p.errors import RemoteError
from p2p.room.ops import kinds
from p2p.room.relay_view import FLOOR, FloorRoom


def relay_of(people: People) -> FloorRoom:
    relay = FloorRoom(people.genesis.encode())
    for op in people.ops:
        if type(op.body) in FLOOR:
            relay.receive(op.data, None, 0)
    return relay


def moderated() -> People:
    """A room with a moderator (1), who put member 2 on the stage."""
    people = People(3)
    people.promote(0, 1, 2)
    people.epoch()
    people.raise_hand(2)
    people.accept(2, by=1)
    people.take(2)
    return people


def test_a_relay_knows_who_may_be_heard_without_joins_and_wishes():
    people = moderated()
    relay = relay_of(people)
    assert relay.state.slots == people.state().slots == {1: people.ids[0], 2: people.ids[2]}
    assert relay.state.heads == people.state().heads
    assert set(relay.state.members) == {people.ids[0], people.ids[1]}
    moderator = relay.state.members[people.ids[1]]
    assert moderator.rank == 2
    assert moderator.sign == people.keys[1].sign_key
    assert relay.state.queue == ()


def test_mutes_downs_and_removals_close_a_slot_at_the_relay():
    people = moderated()
    mute = people.mute(2, by=1)
    assert relay_of(people).state.slots == {1: people.ids[0]}
    people.unmute(2, by=1)
    assert 2 in relay_of(people).state.slots
    assert mute.data in relay_of(people).ops()
    people.down(2, by=1)
    assert relay_of(people).state.slots == {1: people.ids[0]}
    people.remove(2, by=1)
    assert people.ids[2] in relay_of(people).state.removed


def test_an_epoch_restates_the_stage_for_relays_too():
    people = moderated()
    people.mute(2)
    people.epoch(1)
    relay = relay_of(people)
    assert relay.state.slots == {1: people.ids[0]}
    people.unmute(2, by=1)
    people.epoch(1)
    assert relay_of(people).state.slots == {1: people.ids[0], 2: people.ids[2]}


def test_a_removed_moderator_is_out_at_the_relay_as_well():
    people = moderated()
    people.remove(1)
    people.write(1, kinds.Lock, True, auth=people.auth(1))
    relay = relay_of(people)
    assert not relay.state.locked
    assert relay.state.slots == people.state().slots


def test_a_relay_takes_floor_operations_only_and_checks_who_made_them():
    people = moderated()
    relay = relay_of(people)
    hand = people.raise_hand(3)
    lock = people.write(3, kinds.Lock, True)
    assert not relay.receive(hand.data, people.ids[3], 0)
    assert not relay.receive(lock.data, people.ids[3], 0)
    assert relay.counts["not_floor"] == 1
    assert relay.counts["held"] == 1
    forged = people.write(0, kinds.Lock, True).data[:-1] + b"\x00"
    assert not relay.receive(forged, people.ids[3], 0)
    assert relay.counts["forged"] == 1
    assert not relay.state.locked


def test_relays_hand_each_other_what_they_lack():
    people = moderated()
    full, empty = relay_of(people), FloorRoom(people.genesis.encode())
    for data in full.missing(empty.ids()):
        assert empty.receive(data, b"r" * 16, 0)
    assert empty.ids() == full.ids()
    assert empty.state == full.state
    assert full.missing(empty.ids()) == []


def test_a_relay_refuses_a_malformed_genesis():
    with pytest.raises(RemoteError):
        FloorRoom(b"noise")
