"""AES-CTR with HMAC against the vectors of the SFrame working group."""

import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from crypto.errors import LocalError
from crypto.sframe_suites import aead_of, suite_of

VECTORS = Path(__file__).parents[1] / "vectors"


@pytest.mark.parametrize("section", ["aes_ctr_hmac", "aes_256_ctr_hmac"])
def test_the_vectors_of_ctr_with_hmac_come_out(section: str) -> None:
    vectors = json.loads((VECTORS / "sframe-rfc9605.json").read_text())[section]
    assert len(vectors) == 3
    for vector in vectors:
        key, nonce, aad, plaintext, sealed = (
            bytes.fromhex(vector[name]) for name in ("key", "nonce", "aad", "pt", "ct")
        )
        suite = suite_of(vector["cipher_suite"])
        assert suite.key_bytes == len(key)
        aead = aead_of(suite, key)
        assert aead.encrypt(nonce, plaintext, aad) == sealed
        assert aead.decrypt(nonce, sealed, aad) == plaintext
        for forged in (sealed[:-1], sealed[:3], b"", sealed[:-1] + bytes((sealed[-1] ^ 1,))):
            with pytest.raises(InvalidTag):
                aead.decrypt(nonce, forged, aad)


@pytest.mark.parametrize("number", [0, 9, -1])
def test_an_unknown_suite_is_our_own_fault(number: int) -> None:
    with pytest.raises(LocalError):
        suite_of(number)
