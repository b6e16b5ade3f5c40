import hashlib
import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings

from crypto.contact import Contact
from crypto.errors import LocalError, RemoteError
from crypto.identity import sign_public_of
from crypto.item import MAX_LIFETIME_S, target_of
from crypto.record import (
    MAX_DOORS,
    VALUE_BYTES,
    Door,
    Item,
    expiry_of,
    hour_of,
    hours_to_publish,
    hours_to_read,
    open_record,
    seal_record,
    slots,
)
from crypto.roomkey import RoomKey

KEY = RoomKey(b"the room's key!!")
OTHER = RoomKey(b"another room's!!")
HOUR = 472_222
SEQ = HOUR * 3600
EXPIRES_S = expiry_of(HOUR)


def _doors(count, v6=False):
    host = "2001:db8::%x" if v6 else "203.0.113.%d"
    return tuple(Door(bytes([i]) * 32, (host % (i + 1), 4433), "door") for i in range(count))


def _seal(doors, slot_index=0, key=KEY, hour=HOUR, rng=os.urandom):
    return seal_record(key, hour, slot_index, doors, SEQ, EXPIRES_S, rng)


def _sealed(padded, key=KEY, hour=HOUR, slot_index=0, target=None):
    """Seal any plaintext as somebody could who has the room key."""
    slot = slots(key, hour)[slot_index]
    nonce = os.urandom(24)
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        padded, target or slot.target, nonce, key.record_key(hour)
    )
    return Item.create(key.slot_seed(hour, slot_index), SEQ, EXPIRES_S, nonce + sealed)


def _padded(value, size=832):
    body = msgspec.msgpack.encode(value)
    return (len(body).to_bytes(2, "big") + body).ljust(size, b"\x00")


def _refused(item, key=KEY, hour=HOUR):
    with pytest.raises(RemoteError):
        open_record(key, hour, item)


PINNED_DIGEST = "095967cb530a5333"
PACKED = [0, b"d" * 32, b"\xcb\x00\x71\x07\x11\x51"]


# Sealing and opening


@pytest.mark.parametrize("slot_index", range(4))
@pytest.mark.parametrize("count", [1, 2, MAX_DOORS])
@pytest.mark.parametrize("v6", [False, True])
def test_doors_come_back_from_any_slot(slot_index, count, v6):
    doors = _doors(count, v6)
    item = _seal(doors, slot_index)
    assert open_record(KEY, HOUR, Item.decode(item.encode())) == doors
    assert item.target == slots(KEY, HOUR)[slot_index].target


def test_a_relay_and_a_key_with_two_addresses_come_back():
    doors = (
        Contact(b"d" * 32, ("203.0.113.7", 9), "relay"),
        Contact(b"d" * 32, ("2001:db8::7", 9), "relay"),
    )
    assert open_record(KEY, HOUR, _seal(doors)) == doors


def test_the_size_does_not_tell_how_many_doors_there_are():
    sizes = {len(_seal(_doors(n, v6)).encode()) for n in (1, 5, 12) for v6 in (False, True)}
    assert len(sizes) == 1
    assert sizes.pop() <= 1000


def test_two_records_of_the_same_doors_look_unrelated():
    one, two = _seal(_doors(1)), _seal(_doors(1))
    assert one.value != two.value
    assert one.signer == two.signer


def test_the_same_random_bytes_make_the_same_record():
    assert _seal(_doors(2), rng=bytes) == _seal(_doors(2), rng=bytes)
    digest = hashlib.blake2b(_seal(_doors(2), rng=bytes).encode(), digest_size=8).hexdigest()
    assert digest == PINNED_DIGEST


@pytest.mark.parametrize("doors", [(), _doors(13), _doors(1) * 2])
def test_none_too_many_or_doubled_doors_are_not_sealed(doors):
    with pytest.raises(LocalError):
        _seal(doors)


def test_a_record_has_nobody_look_up_a_name():
    with pytest.raises(LocalError):
        _seal([Door(b"d" * 32, ("203.0.113.7", 9), "relay", "relay.example:443")])


def test_a_door_doubled_by_spelling_is_not_sealed():
    doors = [Door(b"d" * 32, (host, 9)) for host in ("203.0.113.7", "::ffff:203.0.113.7")]
    with pytest.raises(LocalError):
        _seal(doors)


@pytest.mark.parametrize("slot_index", [-1, 4])
def test_there_are_four_slots(slot_index):
    with pytest.raises(LocalError):
        _seal(_doors(1), slot_index)


# Foreign records


def test_a_record_of_another_room_or_hour_is_refused():
    item = _seal(_doors(1))
    _refused(item, key=OTHER)
    _refused(item, hour=HOUR + 1)
    _refused(item, hour=HOUR - 1)


def test_a_record_moved_to_another_slot_of_the_room_is_refused():
    value = _seal(_doors(1), 0).value
    _refused(Item.create(KEY.slot_seed(HOUR, 1), SEQ, EXPIRES_S, value))


def test_last_hours_record_signed_again_for_this_hour_is_refused():
    value = _seal(_doors(1), hour=HOUR - 1).value
    _refused(Item.create(KEY.slot_seed(HOUR, 0), SEQ, EXPIRES_S, value))


@given(st.integers(0, len(_seal(_doors(1)).encode()) - 1), st.integers(1, 255))
def test_no_byte_can_change_unseen(place, difference):
    data = bytearray(_seal(_doors(1)).encode())
    data[place] ^= difference
    with pytest.raises(RemoteError):
        open_record(KEY, HOUR, Item.decode(bytes(data)))


@given(st.binary(min_size=1, max_size=876))
def test_random_values_are_refused(value):
    _refused(Item.create(KEY.slot_seed(HOUR, 0), SEQ, EXPIRES_S, value))


def test_random_values_of_the_right_length_are_refused():
    value = os.urandom(VALUE_BYTES)
    _refused(Item.create(KEY.slot_seed(HOUR, 0), SEQ, EXPIRES_S, value))


def test_what_seals_the_malformed_records_can_seal_a_good_one():
    assert len(open_record(KEY, HOUR, _sealed(_padded([1, [PACKED]])))) == 1


@pytest.mark.parametrize(
    "padded",
    [
        _padded([1, []]),
        _padded([1, [[0, bytes([i]) * 32, PACKED[2]] for i in range(13)]]),
        _padded([1, [PACKED, PACKED]]),
        _padded([0, [PACKED]]),
        _padded([2, [PACKED]]),
        _padded([1]),
        _padded([1, [PACKED], 0]),
        _padded([1, [PACKED[:2]]]),
        _padded([1, [[0, b"d" * 32, b"\x00\x00\x00\x00\x11\x51"]]]),
        _padded([1, [[0, b"d" * 32, b"\xcb\x00\x71\x07\x00\x00"]]]),
        _padded([1, [[2, *PACKED[1:]]]]),
        _padded({}),
        _padded([1, [[1, b"d" * 32, bytes(15) + b"\x01\x00\x09trap.example:443"]]]),
        _padded([1, [PACKED]])[:-1] + b"\x01",
        _padded([1, [PACKED]])[:-1],
        _padded([1, [PACKED]], 833),
        b"\xff\xff" + _padded([1, [PACKED]])[2:],
        b"\x03\x3f" + _padded([1, [PACKED]])[2:],
        b"\x00\x01" + _padded([1, [PACKED]])[2:],
        bytes(832),
        b"\x91" * 832,
        b"\x03\x3e" + b"\x91" * 830,
    ],
)
def test_a_malformed_record_of_somebody_with_the_key_is_refused(padded):
    _refused(_sealed(padded))


def test_a_record_under_an_id_that_is_none_of_the_rooms_is_refused():
    stranger = b"x" * 32
    target = target_of(sign_public_of(stranger))
    value = _sealed(_padded([1, [PACKED]]), target=target).value
    _refused(Item.create(stranger, SEQ, EXPIRES_S, value))


# Slots and hours


def test_slots_follow_the_key_and_the_hour():
    slot = slots(KEY, HOUR)[2]
    assert slot.signer == sign_public_of(KEY.slot_seed(HOUR, 2))
    assert slot.target == hashlib.sha1(slot.signer).digest()


def test_no_two_slots_share_an_id():
    ids = [s.target for key in (KEY, OTHER) for hour in (HOUR, HOUR + 1) for s in slots(key, hour)]
    assert len(set(ids)) == 16


@pytest.mark.parametrize(("minute", "hours"), [(0, 1), (49.99, 1), (50, 2), (59.99, 2)])
def test_the_next_hour_is_published_from_minute_50(minute, hours):
    unix_s = HOUR * 3600 + minute * 60
    assert hours_to_publish(unix_s) == (HOUR, HOUR + 1)[:hours]
    assert hour_of(unix_s) == HOUR


def test_the_present_hour_is_read_first():
    assert hours_to_read(HOUR * 3600 + 1800.5) == (HOUR, HOUR - 1, HOUR + 1)


@given(st.integers(0, 1 << 33), st.integers(-3600, 3600))
def test_a_clock_wrong_by_an_hour_still_finds_what_is_published(unix_s, error_s):
    assert set(hours_to_publish(unix_s)) & set(hours_to_read(max(0, unix_s + error_s)))


@given(st.integers(7200, 1 << 33), st.integers(-2999, 3600))
def test_what_is_published_is_in_its_time_for_a_clock_wrong_by_an_hour(unix_s, error_s):
    for hour in hours_to_publish(unix_s):
        item = Item.create(b"s" * 32, 1, expiry_of(hour), b"v")
        item.check_time(unix_s - error_s)
        assert expiry_of(hour) - unix_s <= MAX_LIFETIME_S
