import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from crypto.dh import KeyPair
from crypto.errors import LocalError, RemoteError
from crypto.identity import verify
from crypto.ids import DhKey
from crypto.lasting_sign import sign_lasting, signer_of

SECRETS = st.binary(min_size=32, max_size=32)


@given(SECRETS, st.binary(max_size=200))
def test_who_has_the_public_key_checks_what_its_owner_signed(secret: bytes, data: bytes) -> None:
    signature = sign_lasting(secret, b"item", data, os.urandom)
    signer = signer_of(KeyPair(secret).public)
    verify(signer, b"item", data, signature)
    Ed25519PublicKey.from_public_bytes(signer).verify(signature, b"teahouse/1/item\0" + data)


def test_another_purpose_key_text_or_signature_is_refused() -> None:
    secret = os.urandom(32)
    signer = signer_of(KeyPair(secret).public)
    signature = sign_lasting(secret, b"item", b"data", os.urandom)
    other = signer_of(KeyPair(os.urandom(32)).public)
    for wrong in (
        (other, b"item", b"data", signature),
        (signer, b"op", b"data", signature),
        (signer, b"item", b"date", signature),
        (signer, b"item", b"data", signature[:-1] + bytes((signature[-1] ^ 1,))),
    ):
        with pytest.raises(RemoteError):
            verify(*wrong)


def test_both_signs_of_the_edwards_point_occur_and_the_signer_s_is_always_zero() -> None:
    from nacl.bindings import crypto_scalarmult_ed25519_base

    secrets = [os.urandom(32) for _ in range(40)]
    assert {crypto_scalarmult_ed25519_base(secret)[31] >> 7 for secret in secrets} == {0, 1}
    for secret in secrets:
        point = crypto_scalarmult_ed25519_base(secret)
        signer = signer_of(KeyPair(secret).public)
        assert signer == point[:31] + bytes((point[31] & 0x7F,))
        verify(signer, b"item", b"", sign_lasting(secret, b"item", b"", os.urandom))


def test_no_two_signatures_share_their_commitment_though_randomness_fails() -> None:
    secret = os.urandom(32)
    made = {sign_lasting(secret, b"item", bytes((n,)), bytes)[:32] for n in range(20)}
    assert len(made) == 20


@pytest.mark.parametrize(
    "key", [b"", bytes(31), b"\xff" * 32, (2**255 - 20).to_bytes(32, "little")]
)
def test_what_is_no_public_key_signs_nothing(key: bytes) -> None:
    with pytest.raises(RemoteError):
        signer_of(DhKey(key))


def test_a_secret_of_another_length_is_our_own_mistake() -> None:
    with pytest.raises(LocalError):
        sign_lasting(bytes(31), b"item", b"", os.urandom)
