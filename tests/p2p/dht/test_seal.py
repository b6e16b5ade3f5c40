import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import LocalError, RemoteError
from p2p.dht.seal import (
    MAX_BODY_BYTES,
    MAX_DATAGRAM_BYTES,
    OVERHEAD_BYTES,
    Sealer,
    _decrypt,
    _encrypt,
    _outer_key,
)

ALICE, BOB, EVE = (Sealer(bytes([n]) * 32, os.urandom) for n in (1, 2, 3))


@given(st.binary(max_size=MAX_BODY_BYTES), st.integers(0, MAX_DATAGRAM_BYTES))
def test_what_is_sealed_for_one_opens_there_with_its_sender(body, least):
    data = ALICE.seal(body, BOB.public, least)
    assert BOB.open(data) == (ALICE.public, body)
    assert len(data) == max(least, OVERHEAD_BYTES + len(body))


def test_nobody_else_can_open_it_nor_the_receiver_twice():
    data = ALICE.seal(b"tea", BOB.public)
    for sealer in (EVE, ALICE):
        with pytest.raises(RemoteError):
            sealer.open(data)
    BOB.open(data)
    with pytest.raises(RemoteError):
        BOB.open(data)


def test_every_flipped_bit_and_every_cut_is_noticed():
    data = ALICE.seal(b"tea", BOB.public)
    for place in range(len(data)):
        broken = bytearray(data)
        broken[place] ^= 4
        with pytest.raises(RemoteError):
            BOB.open(bytes(broken))
    for length in (0, 1, 57, OVERHEAD_BYTES - 1, len(data) - 1):
        with pytest.raises(RemoteError):
            BOB.open(data[:length])
    for extra in (1, 1400, 65507):
        with pytest.raises(RemoteError):
            BOB.open(data + bytes(extra))


def test_a_stranger_who_knows_the_receiver_can_not_take_anothers_name():
    data = EVE.seal(b"tea", BOB.public)
    nonce = head = data[:24]
    assert _decrypt(data[24:72], head, nonce, _outer_key(BOB.public)) == EVE.public
    forged = head + _encrypt(ALICE.public, head, nonce, _outer_key(BOB.public)) + data[72:]
    with pytest.raises(RemoteError):
        BOB.open(forged)


def test_a_sender_key_of_low_order_is_refused_both_ways():
    nonce = head = bytes(24)
    head += _encrypt(bytes(32), head, nonce, _outer_key(BOB.public))
    with pytest.raises(RemoteError):
        BOB.open(head + bytes(40))
    with pytest.raises(RemoteError):
        ALICE.seal(b"tea", bytes(32))


@pytest.mark.parametrize("plain", [b"\0\5tea", b"\0\3tea\0\1", b"\xff\xff"])
def test_length_and_filling_must_match(plain):
    nonce = head = os.urandom(24)
    head += _encrypt(ALICE.public, head, nonce, _outer_key(BOB.public))
    key = ALICE._pair_key(BOB.public, ALICE.public, BOB.public)
    with pytest.raises(RemoteError):
        BOB.open(head + _encrypt(plain, head, nonce, key))


def test_a_message_too_long_is_our_own_mistake():
    with pytest.raises(LocalError):
        ALICE.seal(bytes(MAX_BODY_BYTES + 1), BOB.public)


def test_memory_is_bounded():
    sealer = Sealer(bytes(32), os.urandom)
    for _ in range(1100):
        other = Sealer(os.urandom(32), os.urandom)
        sealer.open(other.seal(b"tea", sealer.public))
    assert len(sealer._shared) == 1024
    for _ in range(4096):
        sealer.open(other.seal(b"tea", sealer.public))
    assert len(sealer._seen) == 4096
