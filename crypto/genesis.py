"""The genesis: the first record of a room, whose hash is the room's id."""

import hashlib
from typing import Annotated, Final, Literal

import msgspec

from crypto.errors import RemoteError
from crypto.ids import DhKey, RoomId, SignKey

GENESIS_VERSION: Final = 2
MEMBERS_SECRET_BYTES = 32
ROOM_ID_BYTES = 32
MAX_GENESIS_BYTES = 160

Key32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class Genesis(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a room is from its first second on. Nothing in it is secret.

    Members and relays have it; the room key commits to it, so nobody can show
    another host for the same words.

    Attributes:
        version: Format of this record, 2.
        sign: Ed25519 public key of the host, 32 bytes.
        dh: X25519 public key of the host, 32 bytes.
        entry: Entry mode the room starts with; ``open`` is the only one so far.
        created_s: Unix time of creation by the host's clock, whole seconds.
        commit: What the members' secret must hash to; makes two rooms of one host differ.
    """

    version: Literal[2]
    sign: Annotated[SignKey, msgspec.Meta(min_length=32, max_length=32)]
    dh: Annotated[DhKey, msgspec.Meta(min_length=32, max_length=32)]
    entry: Literal["open"]
    created_s: Annotated[int, msgspec.Meta(ge=0, lt=1 << 40)]
    commit: Key32

    def encode(self) -> bytes:
        """Give the canonical bytes: a MessagePack array of six, integers as short as possible."""
        return _ENCODER.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> "Genesis":
        """Parse foreign bytes.

        Raises:
            RemoteError: They are too long, not a genesis of this version, or not canonical
                (two spellings of one record would be two rooms).
        """
        if len(data) > MAX_GENESIS_BYTES:
            raise RemoteError("genesis is too long")
        try:
            genesis = _DECODER.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RemoteError("genesis is malformed") from error
        if genesis.encode() != data:
            raise RemoteError("genesis is not canonical")
        return genesis

    def check_members_secret(self, secret: bytes) -> None:
        """Check what a door hands over as the secret that all members share.

        Raises:
            RemoteError: It is another one.
        """
        if commit_members_secret(secret) != self.commit:
            raise RemoteError("another room's members' secret")

    @property
    def room_id(self) -> RoomId:
        """BLAKE2b-256 of the canonical bytes: the room's id, 32 bytes."""
        return room_id_of(self.encode())


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Genesis)


def commit_members_secret(secret: bytes) -> bytes:
    """Hash the secret that all members share, 32 random bytes of the host (BLAKE2b-256)."""
    return hashlib.blake2b(secret, digest_size=32, person=b"teahouse/members").digest()


def room_id_of(genesis_bytes: bytes) -> RoomId:
    """Hash the bytes of a genesis to the room id (BLAKE2b-256, RFC 7693)."""
    return RoomId(hashlib.blake2b(genesis_bytes, digest_size=ROOM_ID_BYTES).digest())
