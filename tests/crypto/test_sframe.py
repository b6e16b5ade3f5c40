"""SFrame against the vectors of RFC 9605."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import LocalError, RemoteError
from crypto.sframe import MAX_HEADER_BYTES, MAX_VALUE, Key, encode_header, parse_header

VECTORS = Path(__file__).parents[1] / "vectors"
RFC = json.loads((VECTORS / "sframe-rfc9605.json").read_text())
AES256 = json.loads((VECTORS / "sframe-aes256-ctr-hmac.json").read_text())
BASE_KEY = b"\x05" * 32


def test_all_289_headers_come_out_both_ways() -> None:
    assert len(RFC["header"]) == 289
    for vector in RFC["header"]:
        encoded = bytes.fromhex(vector["encoded"])
        assert encode_header(vector["kid"], vector["ctr"]) == encoded
        assert parse_header(encoded + b"rest") == (vector["kid"], vector["ctr"], len(encoded))


def test_every_suite_comes_out_both_ways() -> None:
    vectors = RFC["sframe"] + AES256["sframe_aes_256_ctr_hmac"]
    assert sorted(vector["cipher_suite"] for vector in vectors) == [1, 2, 3, 4, 5, 6, 7, 8]
    for vector in vectors:
        base_key, metadata, plaintext, sealed = (
            bytes.fromhex(vector[name]) for name in ("base_key", "metadata", "pt", "ct")
        )
        key = Key(vector["kid"], base_key, vector["cipher_suite"])
        assert key._salt.to_bytes(12, "big").hex() == vector["sframe_salt"]
        assert key.seal(vector["ctr"], plaintext, metadata) == sealed
        assert key.open(sealed, parse_header(sealed), metadata) == plaintext


@given(st.integers(0, MAX_VALUE), st.integers(0, MAX_VALUE))
def test_any_two_values_survive_the_header(kid: int, ctr: int) -> None:
    encoded = encode_header(kid, ctr)
    assert parse_header(encoded) == (kid, ctr, len(encoded))
    assert len(encoded) <= MAX_HEADER_BYTES


@given(st.binary(max_size=40))
def test_whatever_is_read_as_a_header_was_the_one_spelling_of_it(data: bytes) -> None:
    try:
        header = parse_header(data)
    except RemoteError:
        return
    assert encode_header(header.kid, header.ctr) == data[: header.length]


@pytest.mark.parametrize("text", ["", "08", "80", "0807", "0900ff", "8007", "90ff", "f0ffffff"])
def test_short_or_padded_headers_are_refused(text: str) -> None:
    with pytest.raises(RemoteError):
        parse_header(bytes.fromhex(text))


@pytest.mark.parametrize(("kid", "ctr"), [(-1, 0), (0, -1), (2**64, 0), (0, 2**64)])
def test_values_beyond_64_bits_are_our_own_fault(kid: int, ctr: int) -> None:
    with pytest.raises(LocalError):
        encode_header(kid, ctr)


def test_keys_of_ids_or_suites_that_do_not_exist_are_our_own_fault() -> None:
    with pytest.raises(LocalError):
        Key(2**64, BASE_KEY)
    with pytest.raises(LocalError):
        Key(1, BASE_KEY, suite=9)
    with pytest.raises(LocalError):
        Key(1, BASE_KEY).seal(2**64, b"")


def test_every_changed_bit_is_noticed() -> None:
    key = Key(1 << 26, BASE_KEY)
    sealed = key.seal(1 << 24, b"sound")
    for place in range(len(sealed)):
        forged = bytearray(sealed)
        forged[place] ^= 1
        with pytest.raises(RemoteError):
            key.open(bytes(forged), parse_header(bytes(forged)))
    with pytest.raises(RemoteError):
        key.open(sealed, parse_header(sealed), b"other metadata")
    with pytest.raises(RemoteError):
        key.open(sealed[:9], parse_header(sealed))


def test_the_key_id_is_bound_into_the_key() -> None:
    sealed = Key(1 << 26, BASE_KEY).seal(0, b"sound")
    other = Key(2 << 26, BASE_KEY)
    with pytest.raises(RemoteError):
        other.open(sealed, parse_header(sealed))
    renamed = encode_header(2 << 26, 0) + sealed[5:]
    with pytest.raises(RemoteError):
        other.open(renamed, parse_header(renamed))
