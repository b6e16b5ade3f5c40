"""CipherState and SymmetricState at their edges."""

import pytest

from crypto.errors import LocalError, RemoteError
from crypto.noise_state import CipherState, SymmetricState


def test_without_a_key_bytes_pass_through() -> None:
    cipher = CipherState()
    assert cipher.encrypt_with_ad(b"ad", b"open") == b"open"
    assert cipher.decrypt_with_ad(b"ad", b"open") == b"open"
    assert not cipher.has_key
    with pytest.raises(LocalError):
        cipher.rekey()


def test_the_last_nonce_is_never_used_for_a_message() -> None:
    cipher = CipherState(bytes(32))
    cipher.nonce = 2**64 - 2
    sealed = cipher.encrypt_with_ad(b"", b"x")
    with pytest.raises(LocalError):
        cipher.encrypt_with_ad(b"", b"x")
    with pytest.raises(RemoteError):
        cipher.decrypt_with_ad(b"", sealed)
    cipher.nonce = 2**64 - 2
    assert cipher.decrypt_with_ad(b"", sealed) == b"x"


def test_a_copy_counts_for_itself() -> None:
    cipher = CipherState(bytes(32))
    other = cipher.copy()
    assert cipher.encrypt_with_ad(b"", b"x") == other.encrypt_with_ad(b"", b"x")
    cipher.encrypt_with_ad(b"", b"x")
    assert (cipher.nonce, other.nonce) == (2, 1)


def test_erasing_zeroes_the_chaining_key_and_drops_the_cipher() -> None:
    state = SymmetricState("Noise_NN_25519_ChaChaPoly_BLAKE2s", "blake2s")
    state.mix_key(b"secret")
    held = state._chaining_key
    assert any(held)
    state.erase()
    assert not any(held)
    assert not state.cipher.has_key


def test_a_long_protocol_name_is_hashed_and_a_short_one_padded() -> None:
    assert SymmetricState("N" * 32, "blake2s").hash == b"N" * 32
    assert SymmetricState("N" * 31, "blake2s").hash == b"N" * 31 + b"\0"
    assert len(SymmetricState("N" * 33, "blake2s").hash) == 32
    assert SymmetricState("N" * 33, "blake2s").hash != b"N" * 32
