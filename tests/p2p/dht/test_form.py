"""How records lie in either network."""

import os

import pytest

from crypto.contact import Contact
from crypto.mutable_item import MAX_SEQ
from crypto.roomkey import RoomKey
from p2p.dht.form import MAINLINE, OURS

KEY, HOUR, NOW_S = RoomKey(b"k" * 16), 472_222, 472_222 * 3600
DOOR = Contact(b"d" * 32, ("203.0.113.7", 4433))


@pytest.mark.parametrize("form", [OURS, MAINLINE])
def test_an_item_lies_in_its_slot_and_is_read_there(form):
    for i, slot in enumerate(form.slots(KEY, HOUR)):
        item = form.seal(KEY, HOUR, i, [DOOR], NOW_S, os.urandom)
        assert (item.target, item.seq) == (slot.target, NOW_S)
        assert form.open(KEY, HOUR, item) == (DOOR,)


@pytest.mark.parametrize("form", [OURS, MAINLINE])
def test_a_number_is_the_time_or_one_more_than_what_is_there(form):
    def held(seq):
        return form.seal(KEY, HOUR, 0, [DOOR], seq, os.urandom)

    assert form.next_seq([], NOW_S) == NOW_S
    assert form.next_seq([held(NOW_S - 5)], NOW_S) == NOW_S
    assert form.next_seq([held(NOW_S - 5), held(NOW_S + 9)], NOW_S) == NOW_S + 10


def test_only_in_a_network_that_takes_any_number_is_any_outdone():
    high = MAINLINE.seal(KEY, HOUR, 0, [DOOR], 1 << 60, os.urandom)
    assert MAINLINE.next_seq([high], NOW_S) == (1 << 60) + 1
    last = MAINLINE.seal(KEY, HOUR, 0, [DOOR], MAX_SEQ, os.urandom)
    assert MAINLINE.next_seq([last], NOW_S) == MAX_SEQ
    ours = OURS.seal(KEY, HOUR, 0, [DOOR], NOW_S + 9999, os.urandom)
    assert OURS.next_seq([ours], NOW_S) == NOW_S + 3600
