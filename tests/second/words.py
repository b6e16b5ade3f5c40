"""The room key from 15 words, and what follows from it (protocol.md, sections 1 and 2)."""

from dataclasses import dataclass

from mnemonic import Mnemonic

from tests.second.kit import blake, hkdf, seal, unseal


@dataclass(frozen=True)
class RoomKey:
    s: bytes

    @classmethod
    def of_words(cls, text: str) -> "RoomKey":
        """Raises ValueError for what is no key."""
        words = Mnemonic("english").wordlist
        return cls.of_symbols([words.index(word) for word in text.split()], 11)

    @classmethod
    def of_symbols(cls, symbols: list[int], bits: int) -> "RoomKey":
        number = 0
        for symbol in symbols:
            number = number << bits | symbol
        keyed, check = number >> 32, number & 0xFFFF_FFFF
        body = keyed.to_bytes(17, "big")
        if body[0] != 1 or blake(body, 32, b"teahouse/check") != check.to_bytes(4, "big"):
            raise ValueError("not a room key")
        return cls(body[1:])

    def is_of(self, genesis: bytes, r: bytes) -> bool:
        return blake(b"teahouse/1" + blake(genesis, 256) + r, 128) == self.s

    @property
    def psk(self) -> bytes:
        return hkdf(self.s, b"psk")

    def relay_tag(self, relay_dh: bytes) -> bytes:
        return hkdf(self.s, b"relay-tag/" + relay_dh)[:16]

    def card(self, relay_dh: bytes, nonce: bytes, door_dh: bytes) -> bytes:
        key = hkdf(self.psk, b"card/" + relay_dh)
        return nonce + seal(key, nonce, relay_dh, b"\x01" + door_dh)

    def door_of(self, relay_dh: bytes, card: bytes) -> bytes:
        """The dh of the door whose card it is."""
        key = hkdf(self.psk, b"card/" + relay_dh)
        plain = unseal(key, card[:24], relay_dh, card[24:])
        if plain[0] != 1 or len(plain) != 33:
            raise ValueError("not a card")
        return plain[1:]
