"""A room's records as they lie in BitTorrent's DHT."""

import hashlib
import hmac
import os

import pytest

from crypto.contact import Contact
from crypto.errors import RemoteError
from crypto.mainline_record import (
    SEEKERS,
    mainline_slot,
    mainline_slots,
    open_mainline,
    seal_mainline,
)
from crypto.mutable_item import MutableItem
from crypto.record import slots
from crypto.roomkey import RoomKey
from crypto.sealed_doors import VALUE_BYTES

KEY, OTHER = RoomKey(b"the room's key!!"), RoomKey(b"another room's!!")
HOUR = 472_222
DOOR = Contact(b"d" * 32, ("203.0.113.7", 4433))


def seal(i=0, key=KEY, hour=HOUR):
    return seal_mainline(key, hour, i, [DOOR], 7, os.urandom)


@pytest.mark.parametrize("i", range(SEEKERS + 1))
def test_what_was_sealed_for_a_slot_is_read_there_again(i):
    item = seal(i)
    assert item.target == mainline_slot(KEY, HOUR, i).target
    assert (item.seq, len(item.value)) == (7, VALUE_BYTES)
    assert open_mainline(KEY, HOUR, item) == (DOOR,)


def test_no_two_ids_of_a_room_are_alike_in_any_slot_hour_or_network():
    targets = [mainline_slot(KEY, hour, i).target for hour in (HOUR, HOUR + 1) for i in range(5)]
    targets += [slot.target for hour in (HOUR, HOUR + 1) for slot in slots(KEY, hour)]
    targets += [slot.target for slot in mainline_slots(OTHER, HOUR)]
    assert len(set(targets)) == len(targets) == 10 + 8 + 4


def test_an_item_of_another_room_hour_or_slot_is_refused():
    item = seal()
    moved = MutableItem.create(KEY.mainline_seed(HOUR, 1), 7, item.value)
    for key, hour, each in ((OTHER, HOUR, item), (KEY, HOUR + 1, item), (KEY, HOUR, moved)):
        with pytest.raises(RemoteError):
            open_mainline(key, hour, each)


def test_keys_follow_from_the_room_key_as_the_protocol_says():
    def hkdf(info):
        return hmac.digest(hmac.digest(b"", KEY.secret, "sha256"), info + b"\x01", "sha256")

    assert KEY.mainline_seed(HOUR, 4) == hkdf(b"mainline/472222/4")
    assert KEY.mainline_key(HOUR) == hkdf(b"mainline-record/472222")
    slot = mainline_slot(KEY, HOUR, 4)
    assert slot.target == hashlib.sha1(slot.signer).digest()
