import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.keycode import DIGITS, LINE, WORDS, code_of, fits, key_of, valid
from crypto.roomkey import RoomKey

KEYS = st.binary(min_size=16, max_size=16).map(RoomKey)


@given(KEYS)
def test_a_code_is_version_key_and_checksum(key):
    code = code_of(key)
    assert code >> 160 == 1
    assert (code >> 32 & (1 << 128) - 1).to_bytes(16, "big") == key.secret
    body = b"\x01" + key.secret
    checksum = hashlib.blake2b(body, digest_size=4, person=b"teahouse/check").digest()
    assert (code & 0xFFFFFFFF).to_bytes(4, "big") == checksum
    assert fits(code)
    assert valid(code)
    assert key_of(code) == key


@given(KEYS, st.integers(0, 164))
def test_no_single_bit_can_change_unseen(key, bit):
    assert not fits(code_of(key) ^ (1 << bit))


@pytest.mark.parametrize("numerals", [WORDS, LINE, DIGITS], ids=lambda n: n.form)
@given(code=st.integers(0, (1 << 165) - 1))
def test_every_code_has_its_numerals(numerals, code):
    symbols = numerals.symbols_of(code)
    assert len(symbols) == numerals.count
    assert all(0 <= symbol < numerals.base for symbol in symbols)
    assert numerals.code_of(symbols) == code


@pytest.mark.parametrize("numerals", [WORDS, LINE, DIGITS], ids=lambda n: n.form)
def test_the_largest_number_that_can_be_written_is_no_key(numerals):
    code = numerals.code_of([numerals.base - 1] * numerals.count)
    assert not fits(code)
    assert not valid(code)


def test_an_unknown_version_with_a_right_checksum_is_told_apart():
    for version in (0, 2, 31):
        body = bytes([version]) + b"k" * 16
        checksum = hashlib.blake2b(body, digest_size=4, person=b"teahouse/check").digest()
        code = int.from_bytes(body + checksum, "big")
        assert fits(code)
        assert not valid(code)
