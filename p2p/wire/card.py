"""A door's card at a relay: says to members whom to knock at, and nothing to the relay."""

import hashlib

from nacl import bindings
from nacl.exceptions import CryptoError

from crypto.ids import DhKey
from crypto.kdf import hkdf
from crypto.roomkey import RoomKey
from p2p.errors import RemoteError
from p2p.rng import Rng

CARD_BYTES = 24 + 33 + 16
_NONCE_BYTES = 24
_VERSION = b"\x01"


def _key(room_key: RoomKey, relay_dh: DhKey) -> bytes:
    return hkdf(room_key.psk(), b"card/" + relay_dh)


def seal_card(room_key: RoomKey, relay_dh: DhKey, door_dh: DhKey, rng: Rng) -> bytes:
    """Seals the card of one door for one relay.

    Args:
        room_key: Opens it again.
        relay_dh: The relay's public key, 32 bytes: a card is good at one relay only.
        door_dh: The door's public key, 32 bytes.
        rng: Source of the nonce.

    Returns:
        73 bytes: nonce 24 | XChaCha20-Poly1305 of version 1 | key 32.
    """
    nonce = rng(_NONCE_BYTES)
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        _VERSION + door_dh, relay_dh, nonce, _key(room_key, relay_dh)
    )
    return nonce + sealed


def open_card(room_key: RoomKey, relay_dh: DhKey, card: bytes) -> DhKey:
    """Opens a card and returns the door's public key.

    Raises:
        RemoteError: It is not a card of this room at this relay.
    """
    if len(card) != CARD_BYTES:
        raise RemoteError("card of another length")
    try:
        plain = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            card[_NONCE_BYTES:], relay_dh, card[:_NONCE_BYTES], _key(room_key, relay_dh)
        )
    except CryptoError:
        raise RemoteError("card of another room or relay") from None
    if plain[:1] != _VERSION:
        raise RemoteError("card of another version")
    return DhKey(bytes(plain[1:]))


def card_handle(card: bytes) -> bytes:
    """By what a newcomer names a card: its BLAKE2b-128."""
    return hashlib.blake2b(card, digest_size=16).digest()
