"""Bencoding: what BEP 3 says, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import LocalError, RemoteError
from p2p.dht.mainline.bencode import MAX_BYTES, MAX_DEPTH, decode, encode

VALUES = st.recursive(
    st.integers(-(1 << 63), (1 << 63) - 1) | st.binary(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [  # the examples of BEP 3, and one of BEP 5
        (b"4:spam", b"spam"),
        (b"0:", b""),
        (b"i3e", 3),
        (b"i-3e", -3),
        (b"i0e", 0),
        (b"i9223372036854775807e", (1 << 63) - 1),
        (b"i-9223372036854775808e", -(1 << 63)),
        (b"l4:spam4:eggse", [b"spam", b"eggs"]),
        (b"d3:cow3:moo4:spam4:eggse", {b"cow": b"moo", b"spam": b"eggs"}),
        (b"d4:spaml1:a1:bee", {b"spam": [b"a", b"b"]}),
        (
            b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe",
            {b"a": {b"id": b"abcdefghij0123456789"}, b"q": b"ping", b"t": b"aa", b"y": b"q"},
        ),
    ],
)
def test_values_are_written_and_read_as_the_standard_has_them(text, value):
    assert decode(text) == value
    assert encode(value) == text


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"i",
        b"ie",
        b"i-e",
        b"i-0e",
        b"i03e",
        b"i+3e",
        b"i3",
        b"i 3e",
        b"i9223372036854775808e",
        b"i-9223372036854775809e",
        b"i" + b"9" * 400 + b"e",
        b"04:spam",
        b"-1:a",
        b"5:spam",
        b"99999999999999999999:a",
        b"4spam",
        b"l",
        b"l4:spam",
        b"d4:spam",
        b"d4:spame",
        b"di1ei2ee",
        b"d1:bi1e1:ai2ee",  # out of order
        b"d1:ai1e1:ai2ee",  # doubled
        b"i3ei4e",
        b"4:spamX",
        b"x",
        b"e",
        b"l" * (MAX_DEPTH + 1) + b"e" * (MAX_DEPTH + 1),
        b"l" * MAX_BYTES,
    ],
)
def test_what_is_written_in_any_other_way_is_refused(text):
    with pytest.raises(RemoteError):
        decode(text)


def test_as_deep_and_as_long_as_allowed_is_read():
    assert decode(b"l" * MAX_DEPTH + b"e" * MAX_DEPTH) == [[[[[]]]]]
    assert len(decode(b"1495:" + b"a" * 1495)) == 1495
    with pytest.raises(RemoteError):
        decode(b"1496:" + b"a" * 1496)


@pytest.mark.parametrize("number", [1 << 63, -(1 << 63) - 1])
def test_a_number_that_nobody_would_read_is_not_written(number):
    with pytest.raises(LocalError):
        encode(number)


@given(st.binary(max_size=200) | VALUES.map(encode))
def test_whatever_is_read_has_only_one_way_to_be_written(data):
    try:
        value = decode(data)
    except RemoteError:
        return
    assert encode(value) == data


@given(VALUES, st.data())
def test_a_byte_that_changed_on_the_way_makes_another_value_or_none(value, data):
    good = bytearray(encode(value))
    at = data.draw(st.integers(0, len(good) - 1))
    good[at] ^= data.draw(st.integers(1, 255))
    try:
        assert encode(decode(bytes(good))) == bytes(good)
    except RemoteError:
        return
