import itertools

import pytest

from crypto.errors import LocalError, RemoteError
from crypto.identity import Identity
from crypto.relaypass import check_pass, check_route, pass_hash, prove_pass, sign_route

COUNTER = itertools.count(1)
AMINA, KENJI = (Identity.generate(lambda n: next(COUNTER).to_bytes(n, "big")) for _ in range(2))
RELAY, ROOM, TIE = b"r" * 32, b"o" * 32, b"t" * 64


def test_a_pass_is_known_by_its_hash_only() -> None:
    assert len(pass_hash(b"p" * 32)) == 32
    assert pass_hash(b"p" * 32) == pass_hash(bytearray(b"p" * 32))
    assert pass_hash(b"q" * 32) != pass_hash(b"p" * 32)
    with pytest.raises(LocalError):
        pass_hash(b"p" * 31)


def test_a_proof_holds_for_one_member_relay_room_and_link() -> None:
    proof = prove_pass(AMINA, RELAY, ROOM, TIE)
    check_pass(AMINA.sign_key, RELAY, ROOM, TIE, proof)
    for wrong in (
        (KENJI.sign_key, RELAY, ROOM, TIE),
        (AMINA.sign_key, b"s" * 32, ROOM, TIE),
        (AMINA.sign_key, RELAY, b"p" * 32, TIE),
        (AMINA.sign_key, RELAY, ROOM, b"u" * 64),
    ):
        with pytest.raises(RemoteError):
            check_pass(*wrong, proof)


def test_a_route_holds_for_one_slot_turn_and_relay() -> None:
    signature = sign_route(AMINA, ROOM, 2, 7, RELAY)
    check_route(AMINA.sign_key, ROOM, 2, 7, RELAY, signature)
    for wrong in (
        (AMINA.sign_key, ROOM, 3, 7, RELAY),
        (AMINA.sign_key, ROOM, 2, 8, RELAY),
        (AMINA.sign_key, ROOM, 2, 7, b"s" * 32),
        (KENJI.sign_key, ROOM, 2, 7, RELAY),
    ):
        with pytest.raises(RemoteError):
            check_route(*wrong, signature)
