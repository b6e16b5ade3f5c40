"""The room key: 128 bits that open the room, and vouch for who made it."""

import hashlib
import hmac
from dataclasses import dataclass

from crypto.errors import LocalError
from crypto.genesis import Genesis, room_id_of
from crypto.ids import DhKey
from crypto.kdf import hkdf

__all__ = ["ROOM_KEY_BYTES", "R_BYTES", "Genesis", "RoomKey"]

ROOM_KEY_BYTES = 16
R_BYTES = 16
RELAY_TAG_BYTES = 16
_DOMAIN = b"teahouse/1"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class RoomKey:
    """The secret S that people hand to each other as words.

    S = BLAKE2b-128("teahouse/1" | room id | r), where the room id is the hash of the
    genesis. Nobody can compute it without ``r``, and nobody can find another genesis
    and ``r`` that fit it, so S is key and fingerprint of the host in one.

    Attributes:
        secret: 16 bytes, secret; no relay ever has them.
    """

    secret: bytes

    def __post_init__(self) -> None:
        if len(self.secret) != ROOM_KEY_BYTES:
            raise LocalError("a room key has 16 bytes")

    @classmethod
    def create(cls, genesis: Genesis, r: bytes) -> "RoomKey":
        """Make the key of a new room.

        Args:
            genesis: The room's first record.
            r: 16 random bytes, known to members only.

        Raises:
            LocalError: ``r`` has another length.
        """
        if len(r) != R_BYTES:
            raise LocalError("r has 16 bytes")
        return cls(_commit(genesis.encode(), r))

    def matches(self, genesis_bytes: bytes, r: bytes) -> bool:
        """Tell whether a genesis and ``r`` from the network are those of this key.

        Takes the same time wherever they differ. The bytes may be anything.
        """
        return len(r) == R_BYTES and hmac.compare_digest(self.secret, _commit(genesis_bytes, r))

    def psk(self) -> bytes:
        """Pre-shared key of the knock at a member's door, 32 secret bytes."""
        return hkdf(self.secret, b"psk")

    def record_key(self, hour: int) -> bytes:
        """Key that seals the DHT records of one hour (Unix time // 3600), 32 secret bytes."""
        return hkdf(self.secret, b"record/%d" % hour)

    def slot_seed(self, hour: int, i: int) -> bytes:
        """Ed25519 seed that signs DHT record ``i`` of one hour, 32 secret bytes."""
        return hkdf(self.secret, b"slot/%d/%d" % (hour, i))

    def mainline_key(self, hour: int) -> bytes:
        """Key that seals the records of one hour in BitTorrent's DHT, 32 secret bytes."""
        return hkdf(self.secret, b"mainline-record/%d" % hour)

    def mainline_seed(self, hour: int, i: int) -> bytes:
        """Ed25519 seed that signs item ``i`` of one hour there, 32 secret bytes."""
        return hkdf(self.secret, b"mainline/%d/%d" % (hour, i))

    def lan_key(self) -> bytes:
        """Key of the sealed beacon on the local network, 32 secret bytes."""
        return hkdf(self.secret, b"lan")

    def relay_tag(self, relay_dh: DhKey) -> bytes:
        """Name of this room at one relay, 16 bytes.

        The relay learns it; two relays cannot tell by it that they serve the same room.

        Args:
            relay_dh: The relay's X25519 public key, 32 bytes.
        """
        return hkdf(self.secret, b"relay-tag/" + relay_dh, RELAY_TAG_BYTES)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RoomKey) and hmac.compare_digest(self.secret, other.secret)

    def __hash__(self) -> int:
        return hash(self.secret)

    def __repr__(self) -> str:
        return "RoomKey(…)"


def _commit(genesis_bytes: bytes, r: bytes) -> bytes:
    hashed = hashlib.blake2b(digest_size=ROOM_KEY_BYTES)
    hashed.update(_DOMAIN + room_id_of(genesis_bytes) + r)
    return hashed.digest()
