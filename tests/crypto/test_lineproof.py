"""Signatures of the two ends of a line."""

import itertools

import pytest

from crypto.errors import RemoteError
from crypto.identity import Identity, verify
from crypto.lineproof import PROOF_BYTES, check_line, prove_line

COUNTER = itertools.count(1)
AMINA, KENJI = (Identity.generate(lambda n: next(COUNTER).to_bytes(n, "big")) for _ in range(2))
ROOM, TIE = b"o" * 32, b"t" * 64


@pytest.mark.parametrize("asks", [True, False])
def test_a_proof_holds_for_one_line_and_one_direction(asks: bool) -> None:
    proof = prove_line(AMINA, ROOM, KENJI.dh, TIE, asks=asks)
    assert len(proof) == PROOF_BYTES
    right = (AMINA.sign_key, AMINA.dh, ROOM, KENJI.dh, TIE)
    check_line(*right, proof, asked=asks)
    with pytest.raises(RemoteError):
        check_line(*right, proof, asked=not asks)
    for place in range(len(right)):
        wrong = [*right]
        wrong[place] = bytes(len(wrong[place]))
        with pytest.raises(RemoteError):
            check_line(*wrong, proof, asked=asks)
    with pytest.raises(RemoteError):
        check_line(KENJI.sign_key, *right[1:], proof, asked=asks)


def test_what_is_signed_is_as_written_down() -> None:
    data = ROOM + AMINA.dh + KENJI.dh + TIE
    verify(AMINA.sign_key, b"join", data, prove_line(AMINA, ROOM, KENJI.dh, TIE, asks=True))
    verify(AMINA.sign_key, b"admit", data, prove_line(AMINA, ROOM, KENJI.dh, TIE, asks=False))
