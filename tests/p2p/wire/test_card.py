import os

import pytest
from nacl import bindings

from crypto.roomkey import RoomKey
from p2p.errors import RemoteError
from p2p.wire import card as card_module
from p2p.wire.card import CARD_BYTES, open_card, seal_card

KEY, RELAY, DOOR = RoomKey(b"s" * 16), b"r" * 32, b"d" * 32


def test_a_member_reads_the_door_off_its_card() -> None:
    card = seal_card(KEY, RELAY, DOOR, os.urandom)
    assert len(card) == CARD_BYTES
    assert open_card(KEY, RELAY, card) == DOOR


def test_two_cards_of_one_door_look_unrelated() -> None:
    assert seal_card(KEY, RELAY, DOOR, os.urandom) != seal_card(KEY, RELAY, DOOR, os.urandom)


@pytest.mark.parametrize("bad", ["other room", "other relay", "short", "bent"])
def test_any_other_card_is_refused(bad: str) -> None:
    card = seal_card(KEY, RELAY, DOOR, os.urandom)
    key = RoomKey(b"x" * 16) if bad == "other room" else KEY
    relay = b"q" * 32 if bad == "other relay" else RELAY
    card = {"short": card[:-1], "bent": card[:-1] + bytes([card[-1] ^ 1])}.get(bad, card)
    with pytest.raises(RemoteError):
        open_card(key, relay, card)


def test_a_card_of_a_later_version_is_refused() -> None:
    nonce = bytes(24)
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        b"\x02" + DOOR, RELAY, nonce, card_module._key(KEY, RELAY)
    )
    with pytest.raises(RemoteError):
        open_card(KEY, RELAY, nonce + sealed)
