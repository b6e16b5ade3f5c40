"""A box for one member: for its receive key, and for nobody else."""

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto.dh import KeyPair
from crypto.errors import RemoteError
from crypto.kdf import hkdf
from crypto.sealed_box import BOX_OVERHEAD_BYTES, open_box, seal_for

ME, BOUND, PLAIN = b"m" * 16, b"step 7", b"secret of a head"


@pytest.fixture
def recv() -> KeyPair:
    return KeyPair.generate(os.urandom)


def test_it_is_what_the_protocol_says(recv: KeyPair) -> None:
    ephemeral = KeyPair(b"e" * 32)
    box = seal_for(recv.public, ME, PLAIN, BOUND, lambda size: b"e" * size)
    label = b"give/" + ephemeral.public + recv.public + ME
    key = hkdf(recv.exchange(ephemeral.public), label)
    assert box[:32] == ephemeral.public
    assert ChaCha20Poly1305(key).decrypt(bytes(12), box[32:], BOUND) == PLAIN
    assert len(box) == len(PLAIN) + BOX_OVERHEAD_BYTES


def test_whoever_has_one_of_the_keys_opens_it(recv: KeyPair) -> None:
    box = seal_for(recv.public, ME, PLAIN, BOUND, os.urandom)
    other = KeyPair.generate(os.urandom)
    assert open_box(box, [other, recv], ME, BOUND) == PLAIN
    for keys, member, bound in (([other], ME, BOUND), ([recv], b"n" * 16, BOUND),
                                ([recv], ME, b"step 8"), ([], ME, BOUND)):  # fmt: skip
        with pytest.raises(RemoteError):
            open_box(box, keys, member, bound)


@pytest.mark.parametrize("place", [0, 31, 32, -1])
def test_one_changed_byte_opens_nothing(recv: KeyPair, place: int) -> None:
    box = bytearray(seal_for(recv.public, ME, PLAIN, BOUND, os.urandom))
    box[place] ^= 1
    with pytest.raises(RemoteError):
        open_box(bytes(box), [recv], ME, BOUND)


@pytest.mark.parametrize("box", [b"", bytes(BOX_OVERHEAD_BYTES - 1), bytes(BOX_OVERHEAD_BYTES)])
def test_what_is_no_box_is_refused(recv: KeyPair, box: bytes) -> None:
    with pytest.raises(RemoteError):
        open_box(box, [recv], ME, BOUND)


def test_nothing_is_sealed_for_a_key_that_nobody_can_have() -> None:
    with pytest.raises(RemoteError):
        seal_for(bytes(32), ME, PLAIN, BOUND, os.urandom)
