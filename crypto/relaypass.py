"""What a member shows to a relay: that it is let in, that it is itself, and where its sound comes.

The pass is one secret of all members, of which the relay knows the hash from the signed epoch
record; so a relay tells members from strangers without any key of the room. The proof ties keys
and link together, so neither can be carried to another relay or link.
"""

import hashlib

from crypto.errors import LocalError
from crypto.identity import Identity, verify

PASS_BYTES = 32
_PASS_CONTEXT = b"pass"
_ROUTE_CONTEXT = b"route"


def pass_hash(pass_key: bytes | bytearray) -> bytes:
    """Hash a pass for the epoch record: BLAKE2b-256, person "teahouse/pass".

    Args:
        pass_key: 32 secret bytes, HKDF(fresh epoch secret, "pass").
    """
    if len(pass_key) != PASS_BYTES:
        raise LocalError("a pass has 32 bytes")
    return hashlib.blake2b(pass_key, digest_size=32, person=b"teahouse/pass").digest()


def prove_pass(identity: Identity, relay_dh: bytes, room: bytes, tie: bytes) -> bytes:
    """Sign for one relay, room and link.

    Args:
        identity: Ours.
        relay_dh: The relay's public key, 32 bytes.
        room: Room id, 32 bytes.
        tie: What both ends of the link know of it and no other link has, 64 bytes.
    """
    return identity.sign(_PASS_CONTEXT, relay_dh + room + tie)


def check_pass(sign: bytes, relay_dh: bytes, room: bytes, tie: bytes, proof: bytes) -> None:
    """Check what ``prove_pass`` made; raises RemoteError."""
    verify(sign, _PASS_CONTEXT, relay_dh + room + tie, proof)


def sign_route(identity: Identity, room: bytes, slot: int, seq: int, parent: bytes) -> bytes:
    """Sign that our sound in a slot comes into the tree at a relay.

    Args:
        identity: Ours.
        room: Room id, 32 bytes.
        slot: 1 to 63.
        seq: Rises with every route of ours.
        parent: Public key of the relay, 32 bytes.
    """
    return identity.sign(_ROUTE_CONTEXT, _route(room, slot, seq, parent))


def check_route(
    sign: bytes, room: bytes, slot: int, seq: int, parent: bytes, signature: bytes
) -> None:
    """Check what ``sign_route`` made; raises RemoteError."""
    verify(sign, _ROUTE_CONTEXT, _route(room, slot, seq, parent), signature)


def _route(room: bytes, slot: int, seq: int, parent: bytes) -> bytes:
    return room + bytes((slot,)) + seq.to_bytes(8, "big") + parent
