"""Where we are, also while the room does not know us."""

import pytest

from lab.room_people import People, identity
from p2p.room.ops import kinds
from p2p.room.ops.ids import NO_KEY, NONE
from p2p.room.ops.op import Pen
from p2p.room.own_place import OwnPlace
from p2p.room.stage import Stage
from p2p.room.text.names import DisplayName


@pytest.fixture
def people() -> People:
    return People(1)


@pytest.fixture
def place(people: People) -> OwnPlace:
    key = identity(9)
    keys = key.sign_key, key.dh, NO_KEY
    join = Pen(key, people.room_id).write(kinds.Join, *keys, "dolma")
    return OwnPlace(join, keys, DisplayName.clean("dolma", key.member_id))


def test_before_a_door_lets_us_in_we_are_outside(people: People, place: OwnPlace):
    entry = place.entry(people.state())
    assert (entry.id, entry.stage) == (identity(9).member_id, Stage.OUTSIDE)
    assert (entry.sign, entry.dh) == (identity(9).sign_key, identity(9).dh)
    assert not entry.is_here


def test_once_we_are_in_the_room_says_where_we_are(people: People, place: OwnPlace):
    people.write(0, kinds.Admit, place.join_op)
    state = people.state()
    assert place.entry(state) is state.members[place.me]
    assert place.entry(state).is_here


def test_who_goes_before_it_was_let_in_has_left(people: People, place: OwnPlace):
    place.leave()
    assert place.entry(people.state()).stage == Stage.LEFT


def test_who_is_removed_before_it_was_seen_is_out_and_not_only_gone(
    people: People, place: OwnPlace
):
    people.write(0, kinds.Remove, place.me, NONE, NONE)
    place.leave()
    assert place.entry(people.state()).stage == Stage.REMOVED
