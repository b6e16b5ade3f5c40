"""Noise handshakes against the public vectors and against another implementation."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from noise.connection import Keypair as OracleKey
from noise.connection import NoiseConnection

from crypto.dh import KeyPair
from crypto.errors import LocalError, RemoteError
from crypto.noise import MAX_MESSAGE_BYTES, Handshake, Transport
from crypto.noise_state import TAG_BYTES

VECTORS = Path(__file__).parents[1] / "vectors"
NAME = "Noise_IKpsk1_25519_ChaChaPoly_BLAKE2s"
PSK = b"\x07" * 32


def fixed(secret: bytes) -> Callable[[int], bytes]:
    return lambda length: secret[:length]


def counting_rng() -> Callable[[int], bytes]:
    numbers = count(1)
    return lambda length: next(numbers).to_bytes(length, "big")


def load(file: str) -> list[dict[str, Any]]:
    return json.loads((VECTORS / file).read_text())["vectors"]


def side(vector: dict[str, Any], who: str) -> Handshake:
    def key(name: str) -> bytes | None:
        return bytes.fromhex(vector[name]) if name in vector else None

    static = key(f"{who}_static")
    return Handshake(
        vector["protocol_name"],
        initiator=who == "init",
        rng=fixed(key(f"{who}_ephemeral") or bytes(32)),
        prologue=bytes.fromhex(vector[f"{who}_prologue"]),
        static=None if static is None else KeyPair(static),
        remote_static=key(f"{who}_remote_static"),
        psks=[bytes.fromhex(psk) for psk in vector.get(f"{who}_psks", [])],
    )


def run_vector(vector: dict[str, Any]) -> None:
    parties = {True: side(vector, "init"), False: side(vector, "resp")}
    transports: dict[bool, Transport] = {}
    one_way = len(vector["protocol_name"].split("_")[1].split("psk")[0]) == 1
    for number, message in enumerate(vector["messages"]):
        payload = bytes.fromhex(message["payload"])
        expected = bytes.fromhex(message["ciphertext"])
        sender = one_way or number % 2 == 0
        if not transports:
            assert parties[sender].write_message(payload) == expected
            assert parties[not sender].read_message(expected) == payload
            if parties[True].finished:
                assert parties[False].finished
                transports = {key: party.split() for key, party in parties.items()}
        else:
            assert transports[sender].encrypt(payload) == expected
            assert transports[not sender].decrypt(expected) == payload
    if "handshake_hash" in vector:
        assert transports[True].handshake_hash.hex() == vector["handshake_hash"]
    assert transports[True].handshake_hash == transports[False].handshake_hash


@pytest.mark.parametrize(
    ("file", "expected_count"),
    [
        ("noise-cacophony-25519-chachapoly.json", 236),
        ("noise-snow-25519-chachapoly.json", 204),
    ],
)
def test_every_public_vector_comes_out_byte_by_byte(file: str, expected_count: int) -> None:
    vectors = load(file)
    assert len(vectors) == expected_count
    for vector in vectors:
        run_vector(vector)


FUNDAMENTAL = ["NN", "NK", "NX", "KN", "KK", "KX", "XN", "XK", "XX", "IN", "IK", "IX"]
HASHES = ["BLAKE2s", "BLAKE2b", "SHA256", "SHA512"]


def oracle(
    name: str, initiator: bool, statics: dict[bool, KeyPair], secrets: dict[bool, bytes]
) -> NoiseConnection:
    connection = NoiseConnection.from_name(name.encode())
    if initiator:
        connection.set_as_initiator()
    else:
        connection.set_as_responder()
    connection.set_prologue(b"tea")
    own, remote = letters_of(name, initiator)
    if own != "N":
        connection.set_keypair_from_private_bytes(OracleKey.STATIC, secrets[initiator])
    if remote == "K":
        public = statics[not initiator].public
        connection.set_keypair_from_public_bytes(OracleKey.REMOTE_STATIC, public)
    if "psk" in name:
        connection.set_psks(PSK)
    connection.start_handshake()
    return connection


def letters_of(name: str, initiator: bool) -> tuple[str, str]:
    """Own letter and the other one's, of an interactive pattern."""
    first, second = name.split("_")[1].split("psk")[0]
    return (first, second) if initiator else (second, first)


@settings(max_examples=80, deadline=None)
@given(
    pattern=st.sampled_from([*FUNDAMENTAL, "IKpsk1", "IKpsk2", "XXpsk3", "NNpsk0", "KKpsk0"]),
    hash_name=st.sampled_from(HASHES),
    initiator=st.booleans(),
    payloads=st.lists(st.binary(max_size=80), min_size=3, max_size=5),
    seed=st.binary(min_size=64, max_size=64),
)
def test_another_implementation_understands_us(
    pattern: str, hash_name: str, initiator: bool, payloads: list[bytes], seed: bytes
) -> None:
    name = f"Noise_{pattern}_25519_ChaChaPoly_{hash_name}"
    secrets = {True: seed[:32], False: seed[32:]}
    statics = {key: KeyPair(secret) for key, secret in secrets.items()}
    own, remote = letters_of(name, initiator)
    ours = Handshake(
        name,
        initiator=initiator,
        rng=counting_rng(),
        prologue=b"tea",
        static=statics[initiator] if own != "N" else None,
        remote_static=statics[not initiator].public if remote == "K" else None,
        psks=[PSK] if "psk" in pattern else [],
    )
    theirs = oracle(name, not initiator, statics, secrets)
    for number, payload in enumerate(payloads):
        if ours.finished:
            break
        if (number % 2 == 0) == initiator:
            assert bytes(theirs.read_message(ours.write_message(payload))) == payload
        else:
            assert ours.read_message(bytes(theirs.write_message(payload))) == payload
    transport = ours.split()
    assert transport.handshake_hash == theirs.get_handshake_hash()
    for payload in payloads:
        assert theirs.decrypt(transport.encrypt(payload)) == payload
        assert transport.decrypt(theirs.encrypt(payload)) == payload


def pair(name: str = NAME, psk: bytes = PSK) -> tuple[Handshake, Handshake]:
    rng = counting_rng()
    ours, theirs = KeyPair(b"\x01" * 32), KeyPair(b"\x02" * 32)
    caller = Handshake(
        name, initiator=True, rng=rng, static=ours, remote_static=theirs.public, psks=[psk]
    )
    called = Handshake(name, initiator=False, rng=rng, static=theirs, psks=[PSK])
    return caller, called


def finished_pair() -> tuple[Transport, Transport]:
    caller, called = pair()
    called.read_message(caller.write_message(b""))
    caller.read_message(called.write_message(b""))
    return caller.split(), called.split()


def flips(message: bytes) -> Iterator[bytes]:
    for place in range(len(message)):
        yield message[:place] + bytes((message[place] ^ 1,)) + message[place + 1 :]


def test_a_forged_message_changes_nothing_and_the_genuine_one_still_works() -> None:
    caller, called = pair()
    first = caller.write_message(b"question")
    for forged in [*flips(first), first[:-1], first[:40], b"", first + b"\0", bytes(len(first))]:
        with pytest.raises(RemoteError):
            called.read_message(forged)
        assert called.remote_static is None
    assert called.read_message(first) == b"question"
    second = called.write_message(b"answer")
    for forged in [*flips(second), second[:-1], b""]:
        with pytest.raises(RemoteError):
            caller.read_message(forged)
    assert caller.read_message(second) == b"answer"
    ours, theirs = caller.split(), called.split()
    assert theirs.decrypt(ours.encrypt(b"x")) == b"x"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_whatever_make_a_reader_fail_in_another_way(data: bytes) -> None:
    _, called = pair()
    with pytest.raises(RemoteError):
        called.read_message(data)


def test_a_wrong_psk_is_noticed_by_the_responder_in_message_one() -> None:
    caller, called = pair(psk=b"\x08" * 32)
    with pytest.raises(RemoteError):
        called.read_message(caller.write_message(b""))


def test_too_long_messages_are_refused_on_both_sides() -> None:
    caller, called = pair()
    with pytest.raises(RemoteError):
        called.read_message(bytes(MAX_MESSAGE_BYTES + 1))
    with pytest.raises(LocalError):
        caller.write_message(bytes(MAX_MESSAGE_BYTES))
    ours, theirs = finished_pair()
    with pytest.raises(LocalError):
        ours.encrypt(bytes(MAX_MESSAGE_BYTES - TAG_BYTES + 1))
    with pytest.raises(RemoteError):
        theirs.decrypt(bytes(MAX_MESSAGE_BYTES + 1))
    assert len(theirs.decrypt(ours.encrypt(bytes(MAX_MESSAGE_BYTES - TAG_BYTES)))) == 65_519


def test_messages_out_of_turn_are_our_own_fault() -> None:
    caller, called = pair()
    with pytest.raises(LocalError):
        caller.read_message(b"")
    with pytest.raises(LocalError):
        called.write_message(b"")
    with pytest.raises(LocalError):
        caller.split()
    called.read_message(caller.write_message(b""))
    with pytest.raises(LocalError):
        caller.write_message(b"")
    caller.read_message(called.write_message(b""))
    with pytest.raises(LocalError):
        caller.write_message(b"")
    transcript = caller.handshake_hash
    caller.split()
    assert caller.handshake_hash == transcript
    with pytest.raises(LocalError):
        caller.split()


def test_missing_or_misshapen_keys_are_our_own_fault() -> None:
    static = KeyPair(b"\x01" * 32)

    def make(name: str, **keys: Any) -> Handshake:
        return Handshake(name, initiator=True, rng=counting_rng(), **keys)

    with pytest.raises(LocalError):
        make(NAME, static=static, remote_static=static.public)
    with pytest.raises(LocalError):
        make(NAME, static=static, remote_static=static.public, psks=[b"short"])
    with pytest.raises(LocalError):
        make(NAME, static=static, remote_static=b"short", psks=[PSK])
    with pytest.raises(LocalError):
        make(NAME, static=static, psks=[PSK])
    with pytest.raises(LocalError):
        make("Noise_KN_25519_ChaChaPoly_BLAKE2s")
    with pytest.raises(LocalError):
        make("Noise_IN_25519_ChaChaPoly_BLAKE2s").write_message(b"")
    with pytest.raises(LocalError):
        _ = make("Noise_NN_25519_ChaChaPoly_BLAKE2s").ephemeral_public


def test_the_ephemeral_key_is_what_the_message_begins_with() -> None:
    caller, _ = pair()
    assert caller.write_message(b"")[:32] == caller.ephemeral_public


def test_a_low_order_responder_key_is_a_remote_error() -> None:
    caller = Handshake(
        NAME,
        initiator=True,
        rng=counting_rng(),
        static=KeyPair(b"\x01" * 32),
        remote_static=bytes(32),
        psks=[PSK],
    )
    with pytest.raises(RemoteError):
        caller.write_message(b"")


def test_a_refused_transport_message_does_not_count() -> None:
    ours, theirs = finished_pair()
    first, second = ours.encrypt(b"1", b"ad"), ours.encrypt(b"2")
    for wrong in (second, b"", first[:-1]):
        with pytest.raises(RemoteError):
            theirs.decrypt(wrong, b"ad")
    assert theirs.decrypt(first, b"ad") == b"1"
    with pytest.raises(RemoteError):
        theirs.decrypt(first, b"ad")
    assert theirs.decrypt(second) == b"2"


def test_a_new_transport_key_must_come_at_the_same_place_on_both_sides() -> None:
    ours, theirs = finished_pair()
    ours.rekey_send()
    sealed = ours.encrypt(b"after")
    with pytest.raises(RemoteError):
        theirs.decrypt(sealed)
    theirs.rekey_receive()
    assert theirs.decrypt(sealed) == b"after"


def test_a_one_way_pattern_has_no_way_back() -> None:
    static = KeyPair(b"\x02" * 32)
    name = "Noise_N_25519_ChaChaPoly_BLAKE2s"
    sender = Handshake(name, initiator=True, rng=counting_rng(), remote_static=static.public)
    receiver = Handshake(name, initiator=False, rng=counting_rng(), static=static)
    receiver.read_message(sender.write_message(b""))
    there, back = sender.split(), receiver.split()
    assert back.decrypt(there.encrypt(b"one way")) == b"one way"
    for action in (
        lambda: back.encrypt(b""),
        lambda: there.decrypt(b""),
        back.rekey_send,
        there.rekey_receive,
    ):
        with pytest.raises(LocalError):
            action()
