import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import LocalError, RemoteError
from crypto.identity import Identity, member_id, sign, sign_public_of, verify, verify_bytes

VECTORS = Path(__file__).parents[1] / "vectors" / "wycheproof-ed25519.json"
CASES = [
    (group["publicKey"]["pk"], case)
    for group in json.loads(VECTORS.read_text())["testGroups"]
    for case in group["tests"]
]
ADA = Identity(b"a" * 32, b"A" * 32)
BEN = Identity(b"b" * 32, b"B" * 32)


@pytest.mark.parametrize(("public", "case"), CASES, ids=[f"tc{case['tcId']}" for _, case in CASES])
def test_verify_agrees_with_wycheproof(public, case):
    public, message, signature = (
        bytes.fromhex(text) for text in (public, case["msg"], case["sig"])
    )
    if case["result"] == "valid":
        verify_bytes(public, message, signature)
    else:
        with pytest.raises(RemoteError):
            verify_bytes(public, message, signature)


def test_keys_are_those_of_the_rfcs():
    # RFC 8032 §7.1 test 1 and RFC 7748 §6.1 (Alice)
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    dh = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
    identity = Identity(seed, dh)
    assert identity.sign_key.hex() == (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )
    assert identity.dh.hex() == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"


def test_fresh_keys_take_64_random_bytes():
    asked = []

    def rng(n):
        asked.append(n)
        return os.urandom(n)

    one, two = Identity.generate(rng), Identity.generate(rng)
    assert asked == [32] * 4
    assert one.member_id != two.member_id
    assert one.dh_secret not in (one.dh, two.dh_secret)


def test_the_member_id_is_the_hash_of_both_keys():
    expected = hashlib.blake2b(ADA.sign_key + ADA.dh, digest_size=16).digest()
    assert ADA.member_id == member_id(ADA.sign_key, ADA.dh) == expected


@given(st.binary(max_size=300))
def test_a_signature_is_good_for_its_signer_and_purpose_only(data):
    signature = ADA.sign(b"op", data)
    assert len(signature) == 64
    verify(ADA.sign_key, b"op", data, signature)
    for key, context, signed in [
        (BEN.sign_key, b"op", data),
        (ADA.sign_key, b"item", data),
        (ADA.sign_key, b"op", data + b"\x00"),
        (ADA.sign_key, b"o", b"p\x00" + data),
    ]:
        with pytest.raises(RemoteError):
            verify(key, context, signed, signature)


def test_the_signed_bytes_do_not_drift():
    verify_bytes(ADA.sign_key, b"teahouse/1/op\x00data", ADA.sign(b"op", b"data"))


def test_a_single_use_key_signs_alike():
    assert sign_public_of(b"a" * 32) == ADA.sign_key
    assert sign(b"a" * 32, b"op", b"data") == ADA.sign(b"op", b"data")


@given(st.binary(max_size=70), st.binary(max_size=40))
def test_random_signatures_and_keys_are_refused(signature, public):
    with pytest.raises(RemoteError):
        verify(ADA.sign_key, b"op", b"data", signature)
    with pytest.raises(RemoteError):
        verify(public, b"op", b"data", ADA.sign(b"op", b"data"))


@pytest.mark.parametrize("context", [b"", b"c" * 33, b"a\x00b"])
def test_a_purpose_without_a_proper_name_is_our_own_mistake(context):
    with pytest.raises(LocalError):
        ADA.sign(context, b"")


@pytest.mark.parametrize(("sign_seed", "dh"), [(b"s" * 31, b"d" * 32), (b"s" * 32, b"")])
def test_keys_of_another_length_are_our_own_mistake(sign_seed, dh):
    with pytest.raises(LocalError):
        Identity(sign_seed, dh)
    with pytest.raises(LocalError):
        member_id(sign_seed, dh)


def test_an_identity_never_prints_itself():
    assert repr(ADA) == str(ADA) == "Identity(…)"
