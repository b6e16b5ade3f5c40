import itertools

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.errors import LocalError, RemoteError
from crypto.identity import Identity
from crypto.relaypass import (
    check_pass,
    check_route,
    check_self,
    pass_public,
    prove_pass,
    prove_self,
    sign_route,
)

COUNTER = itertools.count(1)
AMINA, KENJI = (Identity.generate(lambda n: next(COUNTER).to_bytes(n, "big")) for _ in range(2))
RELAY, ROOM, TIE = b"r" * 32, b"o" * 32, b"t" * 64
SIGN, DH = b"s" * 32, b"d" * 32
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


def test_the_public_half_of_a_pass_is_that_of_rfc_8032() -> None:
    assert pass_public(SEED) == pass_public(bytearray(SEED)) == PUBLIC
    with pytest.raises(LocalError):
        pass_public(bytes(31))


def test_the_proof_of_a_pass_is_a_plain_signature_over_relay_room_link_and_member() -> None:
    signed = b"teahouse/1/seat\x00" + RELAY + ROOM + TIE + SIGN + DH
    by_another_program = Ed25519PrivateKey.from_private_bytes(SEED).sign(signed)
    assert prove_pass(SEED, RELAY, ROOM, TIE, (SIGN, DH)) == by_another_program
    check_pass(PUBLIC, RELAY, ROOM, TIE, (SIGN, DH), by_another_program)


@pytest.mark.parametrize(
    ("public", "relay", "room", "tie", "keys"),
    [
        (AMINA.sign_key, RELAY, ROOM, TIE, (SIGN, DH)),
        (PUBLIC, b"s" * 32, ROOM, TIE, (SIGN, DH)),
        (PUBLIC, RELAY, b"p" * 32, TIE, (SIGN, DH)),
        (PUBLIC, RELAY, ROOM, b"u" * 64, (SIGN, DH)),
        (PUBLIC, RELAY, ROOM, TIE, (DH, DH)),
        (PUBLIC, RELAY, ROOM, TIE, (SIGN, SIGN)),
    ],
    ids=["pass", "relay", "room", "link", "sign", "dh"],
)
def test_the_proof_of_a_pass_is_of_no_use_for_another(public, relay, room, tie, keys) -> None:
    proof = prove_pass(SEED, RELAY, ROOM, TIE, (SIGN, DH))
    with pytest.raises(RemoteError):
        check_pass(public, relay, room, tie, keys, proof)


def test_what_a_member_signs_of_itself_holds_for_one_member_relay_room_and_link() -> None:
    proof = prove_self(AMINA, RELAY, ROOM, TIE)
    check_self(AMINA.sign_key, RELAY, ROOM, TIE, proof)
    for wrong in (
        (KENJI.sign_key, RELAY, ROOM, TIE),
        (AMINA.sign_key, b"s" * 32, ROOM, TIE),
        (AMINA.sign_key, RELAY, b"p" * 32, TIE),
        (AMINA.sign_key, RELAY, ROOM, b"u" * 64),
    ):
        with pytest.raises(RemoteError):
            check_self(*wrong, proof)


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
