"""One sealed datagram of the DHT (protocol.md, section 9)."""

import hashlib

from tests.second.kit import dh, dh_public, seal
from tests.second.records import pack

PERSON = b"teahouse dht 2"


def sealed(secret: bytes, receiver: bytes, nonce: bytes, message: list[object]) -> bytes:
    sender = dh_public(secret)
    outer = hashlib.blake2b(receiver, digest_size=32, person=PERSON).digest()
    inner = hashlib.blake2b(
        sender + receiver, digest_size=32, key=dh(secret, receiver), person=PERSON
    ).digest()
    head = nonce + seal(outer, nonce, nonce, sender)
    data = pack(message)
    return head + seal(inner, nonce, head, len(data).to_bytes(2, "big") + data)
