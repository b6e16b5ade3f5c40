import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import LocalError, RemoteError
from crypto.identity import sign, sign_public_of
from crypto.item import MAX_ITEM_BYTES, MAX_SEQ_AHEAD_S, MAX_VALUE_BYTES, Item, target_of

SEED = b"s" * 32
NOW_S = 1_700_000_000
ITEM = Item.create(SEED, 7, NOW_S + 3600, b"sealed")
FIELDS = [ITEM.signer, ITEM.seq, ITEM.expires_s, ITEM.value, ITEM.signature]


def _with(index, value):
    return msgspec.msgpack.encode([*FIELDS[:index], value, *FIELDS[index + 1 :]])


def _refused(data):
    with pytest.raises(RemoteError):
        Item.decode(data)


def test_an_item_comes_back_and_verifies():
    assert Item.decode(ITEM.encode()) == ITEM
    ITEM.verify()


def test_a_sequence_number_may_be_an_hour_ahead_and_no_more():
    item = Item.create(SEED, NOW_S, NOW_S + 3600, b"sealed")
    item.check_seq(NOW_S - MAX_SEQ_AHEAD_S)
    item.check_seq(NOW_S + 10**6)
    with pytest.raises(RemoteError):
        item.check_seq(NOW_S - MAX_SEQ_AHEAD_S - 1)


def test_the_format_does_not_drift():
    signed = b"\x93\x07\xce" + (NOW_S + 3600).to_bytes(4, "big") + b"\xc4\x06sealed"
    assert ITEM.signer == sign_public_of(SEED)
    assert ITEM.signature == sign(SEED, b"item", signed)
    assert ITEM.encode() == msgspec.msgpack.encode(FIELDS)


def test_the_target_is_the_hash_of_the_key():
    assert ITEM.target == target_of(ITEM.signer) == hashlib.sha1(ITEM.signer).digest()


def test_the_longest_item_has_at_most_a_thousand_bytes():
    item = Item.create(SEED, (1 << 63) - 1, (1 << 40) - 1, b"v" * MAX_VALUE_BYTES)
    assert len(item.encode()) <= MAX_ITEM_BYTES
    assert Item.decode(item.encode()) == item


@pytest.mark.parametrize(
    ("seq", "expires_s", "value"),
    [
        (-1, 0, b"v"),
        (1 << 63, 0, b"v"),
        (1 << 64, 0, b"v"),
        (0, 1 << 64, b"v"),
        (0, -1, b"v"),
        (0, 1 << 40, b"v"),
        (0, 0, b""),
        (0, 0, b"v" * (MAX_VALUE_BYTES + 1)),
        (0, 0, b"v" * 2000),
    ],
)
def test_an_item_out_of_range_is_our_own_mistake(seq, expires_s, value):
    with pytest.raises(LocalError):
        Item.create(SEED, seq, expires_s, value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode(FIELDS[:-1]),
        msgspec.msgpack.encode([*FIELDS, None]),
        msgspec.msgpack.encode(dict(enumerate(FIELDS))),
        ITEM.encode() + b"\x00",
        ITEM.encode()[:-1],
        _with(0, FIELDS[0][1:]),
        _with(0, FIELDS[0].hex()),
        _with(1, -1),
        _with(1, 1 << 63),
        _with(1, 7.0),
        _with(1, float("nan")),
        _with(1, True),
        _with(2, -1),
        _with(2, 1 << 40),
        _with(3, b""),
        _with(3, b"v" * (MAX_VALUE_BYTES + 1)),
        _with(3, [b"v"]),
        _with(3, msgspec.msgpack.Ext(1, b"v")),
        _with(4, FIELDS[4][1:]),
        b"\x91" * 999,
        b"\xdd\xff\xff\xff\xff" + bytes(900),
    ],
)
def test_a_malformed_item_is_refused(data):
    _refused(data)


def test_a_second_spelling_of_an_item_is_refused():
    _refused(b"\xdc\x00\x05" + ITEM.encode()[1:])
    _refused(ITEM.encode().replace(b"\x07\xce", b"\xcc\x07\xce", 1))


def test_an_item_over_a_thousand_bytes_is_not_even_parsed():
    _refused(_with(3, b"v" * 1000))


@given(st.binary(max_size=1100))
def test_random_bytes_are_refused(data):
    _refused(data)


@given(st.integers(0, len(ITEM.encode()) - 1), st.integers(1, 255))
def test_no_byte_can_change_unseen(place, difference):
    data = bytearray(ITEM.encode())
    data[place] ^= difference
    with pytest.raises(RemoteError):
        Item.decode(bytes(data)).verify()


def test_a_signature_of_another_key_or_over_another_number_is_refused():
    other = Item.create(b"o" * 32, 7, NOW_S + 3600, b"sealed")
    later = Item.create(SEED, 8, NOW_S + 3600, b"sealed")
    for item in (
        msgspec.structs.replace(ITEM, signature=other.signature),
        msgspec.structs.replace(ITEM, signer=other.signer),
        msgspec.structs.replace(ITEM, seq=8),
        msgspec.structs.replace(ITEM, expires_s=NOW_S + 3601),
        msgspec.structs.replace(later, value=b"other"),
    ):
        with pytest.raises(RemoteError):
            item.verify()


@pytest.mark.parametrize("ahead_s", [1, 3600, 4 * 3600])
def test_an_item_in_its_time_is_taken(ahead_s):
    Item.create(SEED, 7, NOW_S + ahead_s, b"v").check_time(NOW_S)


@pytest.mark.parametrize("ahead_s", [-7200, 0, 4 * 3600 + 1, 86_400])
def test_an_item_out_of_its_time_is_refused(ahead_s):
    with pytest.raises(RemoteError):
        Item.create(SEED, 7, NOW_S + ahead_s, b"v").check_time(NOW_S)
