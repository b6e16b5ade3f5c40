import hmac
import json
from pathlib import Path

import pytest

from crypto.errors import LocalError
from crypto.kdf import hkdf, hkdf_expand, hkdf_extract

VECTORS = Path(__file__).parents[1] / "vectors"


def _cases(name):
    groups = json.loads((VECTORS / name).read_text())["testGroups"]
    return [(group, case) for group in groups for case in group["tests"]]


@pytest.mark.parametrize(
    ("secret", "salt", "info", "pseudorandom_key", "output"),
    [
        (
            "0b" * 22,
            "000102030405060708090a0b0c",
            "f0f1f2f3f4f5f6f7f8f9",
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            "0b" * 22,
            "",
            "",
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
    ids=["RFC 5869 A.1", "RFC 5869 A.3"],
)
def test_the_steps_give_the_values_of_rfc_5869(secret, salt, info, pseudorandom_key, output):
    secret, salt, info = (bytes.fromhex(text) for text in (secret, salt, info))
    prk = hkdf_extract(salt, secret)
    assert prk.hex() == pseudorandom_key
    assert hkdf_expand(prk, info, 42).hex() == output
    assert hkdf(secret, info, 42, salt).hex() == output


@pytest.mark.parametrize(
    "case",
    [case for _, case in _cases("wycheproof-hkdf-sha256.json")],
    ids=lambda case: f"tc{case['tcId']}",
)
def test_hkdf_agrees_with_wycheproof(case):
    secret, salt, info = (bytes.fromhex(case[name]) for name in ("ikm", "salt", "info"))
    if case["result"] == "valid":
        assert hkdf(secret, info, case["size"], salt).hex() == case["okm"]
    else:
        with pytest.raises(LocalError):
            hkdf(secret, info, case["size"], salt)


def test_hmac_agrees_with_wycheproof():
    valid = invalid = 0
    for group, case in _cases("wycheproof-hmac-sha256.json"):
        tag = hmac.digest(bytes.fromhex(case["key"]), bytes.fromhex(case["msg"]), "sha256")
        same = hmac.compare_digest(tag[: group["tagSize"] // 8], bytes.fromhex(case["tag"]))
        assert same == (case["result"] == "valid"), case["tcId"]
        valid += same
        invalid += not same
    assert valid > 0
    assert invalid > 0


def test_a_bytearray_secret_gives_the_same_key():
    assert hkdf(bytearray(b"s" * 32), b"label") == hkdf(b"s" * 32, b"label")


@pytest.mark.parametrize("length", [-1, 0, 8161])
def test_an_impossible_length_is_our_own_mistake(length):
    with pytest.raises(LocalError):
        hkdf(b"s", b"label", length)


def test_the_longest_output_is_possible():
    assert len(hkdf(b"s", b"label", 8160)) == 8160
