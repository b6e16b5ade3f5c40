"""A list of doors, sealed and padded to one size: what records of a room hold in any network."""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, Literal

import msgspec
from nacl import bindings
from nacl.exceptions import CryptoError

from crypto.contact import Contact, PackedContact
from crypto.errors import LocalError, RemoteError

Door = Contact
Doors = tuple[Door, ...]

RECORD_VERSION: Final = 1
MAX_DOORS = 12
_NONCE_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_TAG_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES
_LENGTH_BYTES = 2
_PADDED_BYTES = 832
VALUE_BYTES = _NONCE_BYTES + _PADDED_BYTES + _TAG_BYTES


class _Record(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: Literal[1]
    doors: Annotated[list[PackedContact], msgspec.Meta(min_length=1, max_length=MAX_DOORS)]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Record)


def seal_doors(
    key: bytes, place: bytes, doors: Sequence[Door], rng: Callable[[int], bytes]
) -> bytes:
    """Seal doors so that the size does not tell how many there are.

    Args:
        key: Of the room's records in one network and hour, 32 bytes, secret.
        place: The id under which they will lie; elsewhere nobody can open them.
        doors: 1 to 12 different doors.
        rng: Source of the nonce.

    Returns:
        872 bytes that look random.

    Raises:
        LocalError: ``open_doors`` would refuse the doors.
    """
    packed = [door.pack() for door in doors]
    if not 1 <= len(packed) <= MAX_DOORS or len(set(packed)) != len(packed):
        raise LocalError("a record has 1 to 12 different doors")
    if any(door.web for door in doors):
        raise LocalError("a record has no names")
    body = _ENCODER.encode(_Record(RECORD_VERSION, packed))
    padded = (len(body).to_bytes(_LENGTH_BYTES, "big") + body).ljust(_PADDED_BYTES, b"\x00")
    nonce = rng(_NONCE_BYTES)
    return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(padded, place, nonce, key)


def open_doors(key: bytes, place: bytes, value: bytes) -> Doors:
    """Open what was found.

    Raises:
        RemoteError: The seal is broken, or the doors are malformed, doubled, none or more than
            twelve.
    """
    if len(value) != VALUE_BYTES:
        raise RemoteError("record of another length")
    nonce, sealed = value[:_NONCE_BYTES], value[_NONCE_BYTES:]
    try:
        padded = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, place, nonce, key)
    except CryptoError as error:
        raise RemoteError("record can not be opened") from error
    return _doors_in(padded)


def _doors_in(padded: bytes) -> Doors:
    length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
    body, padding = padded[_LENGTH_BYTES:][:length], padded[_LENGTH_BYTES + length :]
    if len(body) != length or padding.strip(b"\x00"):
        raise RemoteError("record with malformed padding")
    try:
        record = _DECODER.decode(body)
    except msgspec.DecodeError as error:
        raise RemoteError("record is malformed") from error
    doors = tuple(Contact.unpack(door) for door in record.doors)
    if any(door.web for door in doors):
        raise RemoteError("record that has names looked up")
    if len(set(doors)) != len(doors):
        raise RemoteError("record with doubled doors")
    return doors
