"""Where a relay is now, said by itself: a DHT item that opens for whoever has its line.

The signer is the relay's lasting key, so the item lies under an id that follows from the line, and
nobody else can write it. The value is sealed under that key's public half: nodes that store it read
nothing, unless they have the line, which says the same.
"""

from collections.abc import Callable, Sequence

import msgspec
from nacl import bindings
from nacl.exceptions import CryptoError

from crypto.contact import Address, Contact, PackedContact
from crypto.dh import KeyPair
from crypto.errors import LocalError, RemoteError
from crypto.ids import DhKey
from crypto.item import Item, target_of
from crypto.kdf import hkdf
from crypto.lasting_sign import sign_lasting, signer_of

MAX_ADDRESSES = 4
LIFETIME_S = 2 * 3600
VALUE_BYTES = 24 + 2 + 94 + 16

_VERSION = 1
_NONCE_BYTES = 24
_PADDED_BYTES = 96
_LABEL = b"relay address"

_Endpoints = list[bytes]
_DECODER = msgspec.msgpack.Decoder(tuple[int, _Endpoints])


def relay_target(dh: DhKey) -> bytes:
    """The id in the DHT under which a relay says where it is, 20 bytes.

    Raises:
        RemoteError: ``dh`` is no public key.
    """
    return target_of(signer_of(dh))


def seal_relay_record(
    secret: bytes, addresses: Sequence[Address], unix_s: int, rng: Callable[[int], bytes]
) -> Item:
    """Say where we are.

    Args:
        secret: The relay's X25519 secret.
        addresses: 1 to 4, by UDP.
        unix_s: Unix time now; the item is good for two hours.
        rng: Source of the nonce, and of the signature's randomness.

    Raises:
        LocalError: There are too many addresses, or nobody could use one.
    """
    dh = KeyPair(secret).public
    if not 1 <= len(addresses) <= MAX_ADDRESSES:
        raise LocalError("a relay is at one to four addresses")
    endpoints = [Contact(dh, address, "relay").pack().endpoint for address in addresses]
    body = msgspec.msgpack.encode([_VERSION, endpoints])
    plain = (len(body).to_bytes(2, "big") + body).ljust(_PADDED_BYTES, b"\0")
    nonce = rng(_NONCE_BYTES)
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        plain, relay_target(dh), nonce, hkdf(dh, _LABEL)
    )
    return Item.signed(
        signer_of(dh),
        lambda context, data: sign_lasting(secret, context, data, rng),
        (unix_s, unix_s + LIFETIME_S),
        nonce + sealed,
    )


def open_relay_record(dh: DhKey, item: Item) -> tuple[Address, ...]:
    """Read where a relay says that it is; whether the item is in its time, ``check_time`` says.

    Raises:
        RemoteError: It is not this relay's, or not well-formed.
    """
    if item.signer != signer_of(dh) or len(item.value) != VALUE_BYTES:
        raise RemoteError("not this relay's record")
    item.verify()
    nonce, sealed = item.value[:_NONCE_BYTES], item.value[_NONCE_BYTES:]
    try:
        plain = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed, item.target, nonce, hkdf(dh, _LABEL)
        )
        end = 2 + int.from_bytes(plain[:2], "big")
        version, endpoints = _DECODER.decode(plain[2:end])
    except (CryptoError, msgspec.DecodeError):
        raise RemoteError("relay's record can not be read") from None
    if version != _VERSION or any(plain[end:]) or not 1 <= len(endpoints) <= MAX_ADDRESSES:
        raise RemoteError("relay's record of another form")
    return tuple(_address(dh, endpoint) for endpoint in endpoints)


def _address(dh: DhKey, endpoint: bytes) -> Address:
    contact = Contact.unpack(PackedContact(1, dh, endpoint))
    if contact.web:
        raise RemoteError("record that has a name looked up")
    return contact.address
