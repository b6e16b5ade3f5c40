"""The two AEADs in use against the Wycheproof sets."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

VECTORS = Path(__file__).parents[1] / "vectors"


@pytest.mark.parametrize(
    ("file", "aead_of", "key_bits", "cases"),
    [
        ("wycheproof-aes-gcm.json", AESGCM, (128, 256), 133),
        ("wycheproof-chacha20-poly1305.json", ChaCha20Poly1305, (256,), 316),
    ],
)
def test_every_case_with_our_nonce_and_key_lengths_comes_out(
    file: str,
    aead_of: Callable[[bytes], AESGCM | ChaCha20Poly1305],
    key_bits: tuple[int, ...],
    cases: int,
) -> None:
    groups = json.loads((VECTORS / file).read_text())["testGroups"]
    done = 0
    for group in groups:
        if group["ivSize"] != 96 or group["keySize"] not in key_bits or group["tagSize"] != 128:
            continue
        for test in group["tests"]:
            key, nonce, aad, message, sealed = (
                bytes.fromhex(test[name]) for name in ("key", "iv", "aad", "msg", "ct")
            )
            sealed += bytes.fromhex(test["tag"])
            aead = aead_of(key)
            if test["result"] == "valid":
                assert aead.encrypt(nonce, message, aad) == sealed, test["tcId"]
                assert aead.decrypt(nonce, sealed, aad) == message, test["tcId"]
            else:
                with pytest.raises(InvalidTag):
                    aead.decrypt(nonce, sealed, aad)
            done += 1
    assert done == cases
