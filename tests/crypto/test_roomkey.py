import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import LocalError
from crypto.kdf import hkdf
from crypto.roomkey import Genesis, RoomKey

GENESIS = Genesis(2, b"s" * 32, b"d" * 32, "open", 1_700_000_000, b"n" * 32)
R = b"r" * 16
KEY = RoomKey.create(GENESIS, R)


def test_the_key_is_the_hash_of_room_id_and_r():
    expected = hashlib.blake2b(b"teahouse/1" + GENESIS.room_id + R, digest_size=16).digest()
    assert expected == KEY.secret


def test_the_right_genesis_and_r_match():
    assert KEY.matches(GENESIS.encode(), R)


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_no_other_genesis_or_r_matches(genesis_bytes, r):
    assert not KEY.matches(genesis_bytes, R)
    assert not KEY.matches(GENESIS.encode(), r)
    assert not KEY.matches(genesis_bytes, r)


def test_bytes_moved_between_room_id_and_r_do_not_match():
    assert not KEY.matches(GENESIS.encode(), GENESIS.room_id[-1:] + R)
    assert not KEY.matches(GENESIS.encode(), R + b"\x00")


def test_another_host_makes_another_key():
    other = Genesis(2, b"x" * 32, b"d" * 32, "open", 1_700_000_000, b"n" * 32)
    assert RoomKey.create(other, R) != KEY
    assert RoomKey.create(GENESIS, b"q" * 16) != KEY


def test_a_longer_r_does_not_match_even_if_its_hash_does():
    hashed = hashlib.blake2b(b"teahouse/1" + GENESIS.room_id + R + R, digest_size=16)
    assert not RoomKey(hashed.digest()).matches(GENESIS.encode(), R + R)


@pytest.mark.parametrize("r", [b"", b"r" * 15, b"r" * 17])
def test_an_r_of_another_length_is_our_own_mistake(r):
    with pytest.raises(LocalError):
        RoomKey.create(GENESIS, r)


@pytest.mark.parametrize("secret", [b"", b"k" * 15, b"k" * 32])
def test_a_key_of_another_length_is_our_own_mistake(secret):
    with pytest.raises(LocalError):
        RoomKey(secret)


def test_sub_keys_follow_the_labels_of_the_protocol():
    secret = KEY.secret
    assert KEY.psk() == hkdf(secret, b"psk")
    assert KEY.record_key(472_222) == hkdf(secret, b"record/472222")
    assert KEY.slot_seed(472_222, 3) == hkdf(secret, b"slot/472222/3")
    assert KEY.lan_key() == hkdf(secret, b"lan")
    assert KEY.relay_tag(b"d" * 32) == hkdf(secret, b"relay-tag/" + b"d" * 32, 16)


def test_no_two_uses_share_a_sub_key():
    keys = [
        KEY.psk(),
        KEY.lan_key(),
        KEY.secret,
        KEY.relay_tag(b"1" * 32),
        KEY.relay_tag(b"2" * 32),
    ]
    keys += [KEY.record_key(hour) for hour in (1, 2, 11)]
    keys += [KEY.slot_seed(hour, i) for hour in (1, 2, 11) for i in range(4)]
    assert len(set(keys)) == len(keys)


def test_a_key_never_prints_itself():
    for text in (repr(KEY), str(KEY), f"{KEY}", f"{[KEY]}"):
        assert KEY.secret.hex() not in text
        assert repr(KEY.secret) not in text


def test_keys_compare_by_value():
    same = RoomKey(KEY.secret)
    assert same == KEY
    assert hash(same) == hash(KEY)
    assert RoomKey(bytes(16)) != KEY
    assert KEY.secret != KEY
