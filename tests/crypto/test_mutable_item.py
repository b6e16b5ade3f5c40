"""Mutable items, against the example of BEP 44."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import LocalError, RemoteError
from crypto.ids import SignKey
from crypto.mutable_item import MAX_SEQ, MAX_VALUE_BYTES, MutableItem

# "Test vectors", test 1, of BEP 44: made by libtorrent.
SIGNER = bytes.fromhex("77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548")
SIGNATURE = bytes.fromhex(
    "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff"
    "1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01"
)
TARGET = bytes.fromhex("4a533d47ec9c7d95b1ad75f576cffc641853b750")


def test_the_item_of_the_standard_is_good_and_lies_where_it_says():
    item = MutableItem.checked(SIGNER, 1, b"Hello World!", SIGNATURE)
    assert item == MutableItem(SignKey(SIGNER), 1, b"Hello World!", SIGNATURE)
    assert item.target == TARGET


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 2},
        {"value": b"Hello World?"},
        {"signature": bytes(64)},
        {"signature": SIGNATURE[:-1]},
        {"signer": SIGNER[:-1]},
        {"signer": bytes(32)},
        {"seq": -1},
        {"seq": MAX_SEQ + 1},
        {"value": b""},
        {"value": bytes(MAX_VALUE_BYTES + 1)},
    ],
)
def test_what_differs_from_it_is_refused(change):
    fields = {"signer": SIGNER, "seq": 1, "value": b"Hello World!", "signature": SIGNATURE}
    with pytest.raises(RemoteError):
        MutableItem.checked(**fields | change)


@given(st.binary(min_size=32, max_size=32), st.integers(0, MAX_SEQ), st.binary(min_size=1))
def test_what_is_signed_here_is_good_everywhere_and_nothing_else(seed, seq, value):
    item = MutableItem.create(seed, seq, value)
    assert MutableItem.checked(item.signer, seq, value, item.signature) == item
    with pytest.raises(RemoteError):
        MutableItem.checked(item.signer, seq ^ 1, value, item.signature)


@pytest.mark.parametrize(
    ("seq", "value"), [(-1, b"a"), (MAX_SEQ + 1, b"a"), (1, b""), (1, bytes(MAX_VALUE_BYTES + 1))]
)
def test_what_no_node_would_keep_is_not_made(seq, value):
    with pytest.raises(LocalError):
        MutableItem.create(bytes(32), seq, value)


def test_what_a_relay_hands_on_is_the_item_byte_for_byte():
    item = MutableItem.checked(SIGNER, 1, b"Hello World!", SIGNATURE)
    data = SIGNER + bytes(7) + b"\1" + SIGNATURE + b"Hello World!"
    assert item.encode() == data
    assert MutableItem.decode(data) == item


@given(st.binary(max_size=1200))
def test_no_bytes_of_a_relay_do_harm(data):
    with pytest.raises(RemoteError):
        MutableItem.decode(data)


@pytest.mark.parametrize("place", [0, 39, 40, 103, 104])
def test_a_relay_that_changes_a_byte_hands_on_nothing(place):
    data = bytearray(SIGNER + bytes(7) + b"\1" + SIGNATURE + b"Hello World!")
    data[place] ^= 1
    with pytest.raises(RemoteError):
        MutableItem.decode(bytes(data))
