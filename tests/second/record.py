"""The record of a room's doors, as storers keep it (protocol.md, section 9)."""

import hashlib

from tests.second.invite import Contact, contact
from tests.second.kit import hkdf, seal, sign, sign_public, unseal, verify
from tests.second.records import pack, unpack
from tests.second.words import RoomKey

SLOTS, PLAIN_BYTES, NONCE_BYTES = 4, 832, 24


class Slot:
    """One of the four places of an hour where a room's doors stand."""

    def __init__(self, key: RoomKey, hour: int, number: int) -> None:
        decimal = str(hour).encode()
        self.seed = hkdf(key.s, b"slot/" + decimal + b"/" + str(number).encode())
        self._key = hkdf(key.s, b"record/" + decimal)
        self.signer = sign_public(self.seed)
        self.target = hashlib.sha1(self.signer).digest()

    def item(self, seq: int, expires_s: int, doors: list[list[object]], nonce: bytes) -> bytes:
        record = pack([1, doors])
        plain = (len(record).to_bytes(2, "big") + record).ljust(PLAIN_BYTES, b"\0")
        value = nonce + seal(self._key, nonce, self.target, plain)
        signature = sign(self.seed, b"item", pack([seq, expires_s, value]))
        return pack([self.signer, seq, expires_s, value, signature])

    def doors(self, item: bytes) -> list[Contact]:
        """Raises ValueError, InvalidSignature or CryptoError for what is not of this slot."""
        signer, seq, expires_s, value, signature = unpack(item)
        if signer != self.signer:
            raise ValueError("of another slot")
        verify(signer, b"item", pack([seq, expires_s, value]), signature)
        plain = unseal(self._key, value[:NONCE_BYTES], self.target, value[NONCE_BYTES:])
        version, doors = unpack(plain[2 : 2 + int.from_bytes(plain[:2], "big")])
        if version != 1:
            raise ValueError("another version")
        return [contact(*door) for door in doors]
