import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import base32
from crypto.errors import RemoteError


@given(st.binary(max_size=200))
def test_bytes_come_back(data):
    text = base32.encode(data)
    assert base32.decode(text) == data
    assert len(text) == -(-len(data) * 8 // 5)


def test_letters_that_look_alike_are_one():
    assert base32.decode("OIL0") == base32.decode("0110")
    assert [base32.value_of(letter) for letter in "OILU"] == [0, 1, 1, None]


def test_the_alphabet_is_the_one_of_crockford():
    assert base32.text_of(range(32)) == "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    assert base32.encode(b"\xff\x00\x55") == "ZW05A"


@pytest.mark.parametrize("text", ["U0", "0-", "é0", "00é"])
def test_a_foreign_letter_is_refused(text):
    with pytest.raises(RemoteError):
        base32.decode(text)


@pytest.mark.parametrize("text", ["0", "000", "01", "0001", "000000"])
def test_stray_bits_at_the_end_are_refused(text):
    with pytest.raises(RemoteError):
        base32.decode(text)
