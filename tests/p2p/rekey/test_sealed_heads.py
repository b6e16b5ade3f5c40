"""Secrets of heads on their way to one member."""

import os

import pytest

from crypto.dh import KeyPair
from crypto.sealed_box import seal_for
from p2p.errors import RemoteError
from p2p.rekey.sealed_heads import open_heads, seal_heads
from p2p.room.ops.canonical import pack
from p2p.wire.messages import HEADS_MAX, SEALED_HEADS_BYTES_MAX

GIVER, ME, STEP = b"g" * 16, b"m" * 16, 7
HEAD = (b"e" * 16, b"s" * 32, b"p" * 32)
RECV = KeyPair.generate(os.urandom)


def test_they_come_out_as_they_went_in() -> None:
    sealed = seal_heads([HEAD], STEP, GIVER, (ME, RECV.public), os.urandom)
    (head,) = open_heads(sealed, STEP, GIVER, ME, [RECV])
    assert (head.epoch_id, head.secret, head.pass_key) == HEAD


def test_as_many_as_a_key_is_made_of_fit_into_a_message() -> None:
    sealed = seal_heads([HEAD] * HEADS_MAX, STEP, GIVER, (ME, RECV.public), os.urandom)
    assert len(sealed) <= SEALED_HEADS_BYTES_MAX
    assert len(open_heads(sealed, STEP, GIVER, ME, [RECV])) == HEADS_MAX


@pytest.mark.parametrize(("step", "giver"), [(STEP + 1, GIVER), (STEP, b"x" * 16)])
def test_nobody_passes_them_on_as_its_own_or_as_of_another_time(step: int, giver: bytes) -> None:
    sealed = seal_heads([HEAD], STEP, GIVER, (ME, RECV.public), os.urandom)
    with pytest.raises(RemoteError):
        open_heads(sealed, step, giver, ME, [RECV])


@pytest.mark.parametrize(
    "plain", [b"", pack([]), pack([[b"e" * 16, b"s" * 31, b"p" * 32]]), pack([HEAD] * 17)]
)
def test_what_is_no_list_of_secrets_is_refused(plain: bytes) -> None:
    bound = STEP.to_bytes(4, "big") + GIVER
    sealed = seal_for(RECV.public, ME, plain, bound, os.urandom)
    with pytest.raises(RemoteError):
        open_heads(sealed, STEP, GIVER, ME, [RECV])
