"""An epoch counts only with all that led to it: what is hidden must not make it say more."""

import itertools

from crypto.genesis import Genesis
from lab.room_people import People, a_room
from p2p.room.ops.kinds import FLOOR, Lock
from p2p.room.relay_view import FloorRoom


def without(people: People, *hidden: object):
    return people.state([op for op in people.ops if op not in hidden])


def test_an_epoch_does_not_count_while_the_removal_before_it_is_hidden() -> None:
    people = a_room()
    before = people.state().heads
    removal = people.remove(4, by=1)
    epoch = people.epoch(1, why=1)
    seen = without(people, removal)
    assert people.ids[4] not in seen.removed
    assert seen.heads == before
    assert people.state().heads == (epoch.id,)
    assert people.state().removed == {people.ids[4]}


def test_nor_does_one_that_was_built_on_it_by_somebody_else() -> None:
    people = a_room()
    before = people.state().heads
    removal = people.remove(4, by=1)
    first = people.epoch(1, why=1)
    second = people.epoch(2, why=3)
    third = people.epoch(0, why=3)
    assert without(people, removal).heads == before
    assert without(people, first).heads == before
    assert without(people, first, removal).heads == before
    assert without(people, second).heads == (first.id,)
    assert people.state().heads == (third.id,)


def test_a_removal_by_somebody_else_without_a_new_key_can_not_be_hidden_either() -> None:
    people = a_room()
    before = people.state().heads
    removal = people.remove(4, by=1)
    assert people.state().last_removals == (removal.id,)
    epoch = people.epoch(2, why=3)
    assert epoch.body.knows == (removal.id,)
    assert without(people, removal).heads == before
    assert people.state().heads == (epoch.id,)


def test_each_epoch_names_it_anew_for_those_before_it_are_forgotten_once() -> None:
    people = a_room()
    removal = people.remove(4, by=1)
    people.epoch(1, why=1)
    assert people.epoch(2).body.knows == people.epoch(0).body.knows == (removal.id,)


def test_of_several_removals_the_last_speaks_for_those_it_knew_of() -> None:
    people = a_room()
    first = people.remove(4, by=1)
    second = people.remove(3, by=2)
    assert second.body.knows == (first.id,)
    assert people.state().last_removals == (second.id,)
    before = people.state().heads
    epoch = people.epoch(0)
    assert without(people, first).heads == before, "it is named by way of the second"
    assert people.state().heads == (epoch.id,)


def test_in_whatever_order_all_of_it_comes_the_same_counts_in_the_end() -> None:
    people = a_room()
    ready = list(people.ops)
    late = [people.remove(4, by=1), people.epoch(1, why=1), people.epoch(2, why=3)]
    for order in itertools.permutations(late):
        for count in range(len(order)):
            heads = people.state([*ready, *order[:count]]).heads
            assert len(heads) == 1
        assert people.state([*ready, *order]).heads == (late[-1].id,)


def test_a_relay_that_knows_no_joins_goes_by_what_epochs_replace() -> None:
    people = a_room()
    relay = FloorRoom(Genesis.encode(people.genesis))
    before = people.state().heads
    people.remove(4, by=1)
    first, second = people.epoch(1, why=1), people.epoch(2, why=3)
    for op in people.ops:
        if type(op.body) in FLOOR and op is not first:
            relay.receive(op.data, None, 0.0)
    assert relay.state.heads == before
    relay.receive(first.data, None, 0.0)
    assert relay.state.heads == people.state().heads == (second.id,)


def test_an_epoch_names_no_removal_of_which_a_part_is_on_its_way() -> None:
    """It would not count itself, and its author would make another, without end."""
    people = a_room()
    people.vouch()
    before = people.act(1, Lock, True, ())
    removal = people.remove(4, by=1)
    seen = without(people, before)
    assert people.ids[4] in seen.removed
    assert seen.last_removals == ()
    assert people.state().last_removals == (removal.id,)
