"""Codes compared by voice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.base32 import SYMBOLS
from crypto.errors import LocalError
from crypto.kdf import hkdf
from crypto.sas import Code, Party, code_of, commit_to, is_committed

ANN = Party(b"\x01" * 16, b"\x02" * 32, b"\x03" * 32)
BO = Party(b"\x04" * 16, b"\x05" * 32, b"\x06" * 32)
NONCES = (b"\x07" * 32, b"\x08" * 32)
ROOM, KEY = b"\x09" * 32, b"\x0a" * 32


def test_the_code_is_derived_exactly_as_written_down() -> None:
    said = b"".join([b"sas code/", ROOM, *ANN, *BO, *NONCES])
    bits = f"{int.from_bytes(hkdf(KEY, said, 5), 'big'):040b}"
    code = code_of(ANN, BO, NONCES, ROOM, KEY)
    assert code.text == "".join(SYMBOLS[int(bits[i : i + 5], 2)] for i in range(0, 30, 5))
    assert code.words == (int(bits[:11], 2), int(bits[11:22], 2), int(bits[22:33], 2))


def test_everything_that_could_be_false_changes_the_code() -> None:
    honest = (ANN, BO, NONCES, ROOM, KEY)
    false = [
        (BO, ANN, NONCES, ROOM, KEY),
        (ANN, BO, NONCES[::-1], ROOM, KEY),
        (ANN, BO, NONCES, KEY, ROOM),
        (ANN, BO, NONCES, ROOM, b"x" * 32),
        *(
            (ANN._replace(**{field: b"x" * len(getattr(ANN, field))}), *honest[1:])
            for field in Party._fields
        ),
        *(
            (ANN, BO._replace(**{field: b"x" * len(getattr(BO, field))}), *honest[2:])
            for field in Party._fields
        ),
    ]
    codes = {code_of(*each) for each in [honest, *false]}
    assert len(codes) == 1 + len(false)


def test_codes_use_all_their_bits() -> None:
    codes = [code_of(ANN, BO, (bytes((n,)) * 32, NONCES[1]), ROOM, KEY) for n in range(200)]
    assert {character for code in codes for character in code.text} == set(SYMBOLS)
    assert all(0 <= word < 2048 for code in codes for word in code.words)
    assert len({word for code in codes for word in code.words}) > 300


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40))
def test_only_the_nonce_committed_to_is_taken(nonce: bytes, other: bytes) -> None:
    commit = commit_to(nonce)
    assert is_committed(commit, nonce)
    assert is_committed(commit, other) == (other == nonce)


@pytest.mark.parametrize(
    "parts",
    [
        (ANN._replace(dh=b"short"), BO, NONCES, ROOM),
        (ANN, BO, (NONCES[0] + b"x", NONCES[1][:-1]), ROOM),
        (ANN, BO, NONCES, b""),
    ],
)
def test_parts_that_could_run_into_each_other_are_refused(parts: tuple) -> None:
    with pytest.raises(LocalError):
        code_of(*parts, KEY)


def test_a_code_is_six_characters_and_three_words() -> None:
    assert code_of(ANN, BO, NONCES, ROOM, KEY) == Code("3EN67X", (221, 664, 2028))
