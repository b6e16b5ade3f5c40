"""X25519 against RFC 7748 and the Wycheproof set."""

import json
from pathlib import Path

import pytest

from crypto.dh import KeyPair
from crypto.errors import LocalError, RemoteError

VECTORS = Path(__file__).parents[1] / "vectors"


def test_the_wycheproof_set_comes_out_and_every_zero_result_is_refused() -> None:
    groups = json.loads((VECTORS / "wycheproof-x25519.json").read_text())["testGroups"]
    tests = [test for group in groups for test in group["tests"]]
    refused = 0
    for test in tests:
        pair = KeyPair(bytes.fromhex(test["private"]))
        public = bytes.fromhex(test["public"])
        if "ZeroSharedSecret" in test["flags"]:
            refused += 1
            with pytest.raises(RemoteError):
                pair.exchange(public)
        else:
            assert pair.exchange(public).hex() == test["shared"], test["tcId"]
    assert (len(tests), refused) == (518, 31)


def test_both_sides_of_an_exchange_agree() -> None:
    ours, theirs = KeyPair.generate(lambda n: b"\x05" * n), KeyPair(bytearray(b"\x06" * 32))
    assert ours.exchange(theirs.public) == theirs.exchange(ours.public)


def test_the_secret_half_does_not_show() -> None:
    assert "05" * 8 not in repr(KeyPair(b"\x05" * 32))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_a_wrong_length_is_refused(length: int) -> None:
    with pytest.raises(LocalError):
        KeyPair(bytes(length))
    with pytest.raises(RemoteError):
        KeyPair(b"\x01" * 32).exchange(b"\x09" * length)
