"""One fresh secret, wrapped for many."""

import hmac
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.dh import KeyPair
from crypto.errors import LocalError, RemoteError
from crypto.wrap import WRAP_BYTES, commitment, ephemeral_of, unwrap, wrap_all, wrap_tag

SECRET = bytes(range(32))
COMMIT = commitment(SECRET)
SHARED = b"\x51" * 32
EPHEMERAL = KeyPair(b"\x11" * 32)
RECV = [KeyPair(bytes((0x20 + number,)) * 32) for number in range(4)]
IDS = [bytes((number,)) * 16 for number in range(4)]
EVERYBODY = [(member, recv.public) for member, recv in zip(IDS, RECV, strict=True)]


def test_everybody_finds_and_opens_the_own_wrap_among_all() -> None:
    wraps = wrap_all(SECRET, EVERYBODY, EPHEMERAL, SHARED)
    assert {len(wrap) for wrap in wraps} == {WRAP_BYTES} == {52}
    for member, recv in zip(IDS, RECV, strict=True):
        assert unwrap(wraps, EPHEMERAL.public, member, recv, COMMIT, SHARED) == SECRET


def test_the_ephemeral_key_is_a_hash_of_the_secret_and_so_every_wrapper_makes_the_same_bytes() -> (
    None
):
    # Written out: docs/protocol.md, section 7, and RFC 5869.
    extracted = hmac.digest(bytes(32), SECRET, "sha256")
    expanded = hmac.digest(extracted, b"ephemeral\x01", "sha256")
    assert ephemeral_of(SECRET).public == KeyPair(expanded).public
    one, other = (
        wrap_all(SECRET, EVERYBODY, ephemeral_of(bytearray(SECRET)), SHARED) for _ in range(2)
    )
    assert one == other


def test_who_is_left_out_opens_nothing_with_all_it_holds() -> None:
    wraps = wrap_all(SECRET, EVERYBODY[1:], EPHEMERAL, SHARED)
    for member in IDS:
        with pytest.raises(RemoteError):
            unwrap(wraps, EPHEMERAL.public, member, RECV[0], COMMIT, SHARED)


def test_a_wrap_is_bound_to_member_receive_key_and_ephemeral() -> None:
    (wrap,) = wrap_all(SECRET, EVERYBODY[:1], EPHEMERAL, SHARED)
    other = KeyPair(b"\x12" * 32)
    for ephemeral, member, recv in [
        (EPHEMERAL, IDS[0], RECV[1]),
        (EPHEMERAL, IDS[1], RECV[0]),
        (other, IDS[0], RECV[0]),
    ]:
        moved = wrap_tag(ephemeral.public, member) + wrap[4:]
        with pytest.raises(RemoteError):
            unwrap([moved], ephemeral.public, member, recv, COMMIT, SHARED)


def test_who_has_every_x25519_key_and_not_the_members_secret_opens_nothing() -> None:
    wraps = wrap_all(SECRET, EVERYBODY, EPHEMERAL, SHARED)
    for member, recv in zip(IDS, RECV, strict=True):
        for other in (bytes(32), b"", b"R" * 32):
            with pytest.raises(RemoteError):
                unwrap(wraps, EPHEMERAL.public, member, recv, COMMIT, other)


def test_a_secret_other_than_the_one_committed_to_is_refused() -> None:
    wraps = wrap_all(b"x" * 32, EVERYBODY, EPHEMERAL, SHARED)
    with pytest.raises(RemoteError):
        unwrap(wraps, EPHEMERAL.public, IDS[0], RECV[0], COMMIT, SHARED)


def test_anothers_wrap_under_the_same_tag_does_not_hide_ours() -> None:
    wraps = wrap_all(SECRET, EVERYBODY, EPHEMERAL, SHARED)
    decoy = wraps[0][:4] + bytes(48)
    assert unwrap([decoy, *wraps], EPHEMERAL.public, IDS[0], RECV[0], COMMIT, SHARED) == SECRET


@pytest.mark.parametrize("unusable", [bytes(32), b"\x01" + bytes(31), b"short"])
def test_a_receive_key_that_nobody_can_use_keeps_no_other_from_the_key(unusable: bytes) -> None:
    wraps = wrap_all(SECRET, [(IDS[0], unusable), *EVERYBODY[1:]], EPHEMERAL, SHARED)
    assert len(wraps) == 3
    assert unwrap(wraps, EPHEMERAL.public, IDS[3], RECV[3], COMMIT, SHARED) == SECRET


def test_an_ephemeral_of_low_order_is_a_breach_by_its_author() -> None:
    with pytest.raises(RemoteError):
        unwrap(
            [wrap_tag(bytes(32), IDS[0]) + bytes(48)], bytes(32), IDS[0], RECV[0], COMMIT, SHARED
        )


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_foreign_bytes_open_nothing(wraps: list[bytes]) -> None:
    with pytest.raises(RemoteError):
        unwrap(wraps, EPHEMERAL.public, IDS[0], RECV[0], COMMIT, SHARED)


def test_a_secret_of_another_length_is_our_own_fault() -> None:
    with pytest.raises(LocalError):
        wrap_all(b"short", EVERYBODY, EPHEMERAL, SHARED)


def test_the_commitment_hides_the_secret_and_tells_secrets_apart() -> None:
    assert len(COMMIT) == 32
    assert commitment(os.urandom(32)) != COMMIT
    assert commitment(bytearray(SECRET)) == COMMIT
