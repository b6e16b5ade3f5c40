"""Names of Noise protocols."""

import pytest

from crypto.errors import LocalError
from crypto.noise_patterns import parse_protocol_name


def test_psk_modifiers_land_where_the_specification_puts_them() -> None:
    pattern = parse_protocol_name("Noise_XXpsk0+psk3_25519_ChaChaPoly_SHA256")
    assert pattern.messages == (("psk", "e"), ("e", "ee", "s", "es"), ("s", "se", "psk"))
    assert (pattern.psk_count, pattern.hash_name) == (2, "sha256")


def test_what_is_known_beforehand_follows_from_the_letters() -> None:
    known = {
        base: (pattern.initiator_known, pattern.responder_known, pattern.one_way)
        for base in ("N", "K", "X", "NK1", "K1X", "IK", "KK", "XX")
        for pattern in [parse_protocol_name(f"Noise_{base}_25519_ChaChaPoly_BLAKE2b")]
    }
    assert known == {
        "N": (False, True, True),
        "K": (True, True, True),
        "X": (False, True, True),
        "NK1": (False, True, False),
        "K1X": (True, False, False),
        "IK": (False, True, False),
        "KK": (True, True, False),
        "XX": (False, False, False),
    }


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Noise_IKpsk1_25519_ChaChaPoly_MD5",
        "Noise_IKpsk1_25519_AESGCM_SHA256",
        "Noise_IKpsk1_448_ChaChaPoly_SHA256",
        "Noise_II_25519_ChaChaPoly_SHA256",
        "Noise_N1_25519_ChaChaPoly_SHA256",
        "Noise_NNpsk3_25519_ChaChaPoly_SHA256",
        "Noise_NNfallback_25519_ChaChaPoly_SHA256",
        "Noise_NN_25519_ChaChaPoly_SHA256\n",
    ],
)
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(LocalError):
        parse_protocol_name(name)
