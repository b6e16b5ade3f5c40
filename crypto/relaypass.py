"""What a member shows to a relay: that it is let in, that it is itself, and where its sound comes.

The pass is one secret of all members: an Ed25519 seed, whose public half stands in the signed
record of the epoch. So a relay tells members from strangers without any key of the room, and all
that it is shown is a signature for itself, this link and this member: who runs a relay that was
only tried can not get into the room elsewhere with what it saw. The member's own signature ties
its keys to relay and link in the same way.
"""

from crypto.errors import LocalError
from crypto.head import PASS_BYTES
from crypto.identity import Identity, sign, sign_public_of, verify
from crypto.ids import DhKey, RoomId, SignKey

_PASS_CONTEXT = b"pass"
_SEAT_CONTEXT = b"seat"
_ROUTE_CONTEXT = b"route"


def pass_public(pass_key: bytes | bytearray) -> SignKey:
    """Give the public half of a pass for the epoch record: its Ed25519 key, 32 bytes (RFC 8032).

    Args:
        pass_key: 32 secret bytes, HKDF(fresh epoch secret, "pass").

    Raises:
        LocalError: The pass has another length.
    """
    if len(pass_key) != PASS_BYTES:
        raise LocalError("a pass has 32 bytes")
    return sign_public_of(bytes(pass_key))


def prove_self(identity: Identity, relay_dh: DhKey, room: RoomId, tie: bytes) -> bytes:
    """Sign for one relay, room and link, with the member's own key.

    Args:
        identity: Ours.
        relay_dh: The relay's public key, 32 bytes.
        room: Room id, 32 bytes.
        tie: What both ends of the link know of it and no other link has, 64 bytes.

    Returns:
        64 bytes.
    """
    return identity.sign(_PASS_CONTEXT, relay_dh + room + tie)


def check_self(sign_key: SignKey, relay_dh: DhKey, room: RoomId, tie: bytes, proof: bytes) -> None:
    """Check what ``prove_self`` made; raises RemoteError."""
    verify(sign_key, _PASS_CONTEXT, relay_dh + room + tie, proof)


def prove_pass(
    pass_key: bytes, relay_dh: DhKey, room: RoomId, tie: bytes, keys: tuple[SignKey, DhKey]
) -> bytes:
    """Sign for one relay, room, link and member, with the pass.

    Args:
        pass_key: 32 secret bytes.
        relay_dh: As for ``prove_self``.
        room: As for ``prove_self``.
        tie: As for ``prove_self``.
        keys: The member's Ed25519 and X25519 keys, 32 bytes each.

    Returns:
        64 bytes.
    """
    return sign(pass_key, _SEAT_CONTEXT, relay_dh + room + tie + b"".join(keys))


def check_pass(
    public: SignKey,
    relay_dh: DhKey,
    room: RoomId,
    tie: bytes,
    keys: tuple[SignKey, DhKey],
    proof: bytes,
) -> None:
    """Check what ``prove_pass`` made against the public half of a pass; raises RemoteError."""
    verify(public, _SEAT_CONTEXT, relay_dh + room + tie + b"".join(keys), proof)


def sign_route(identity: Identity, room: RoomId, slot: int, seq: int, parent: DhKey) -> bytes:
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
    sign_key: SignKey, room: RoomId, slot: int, seq: int, parent: DhKey, signature: bytes
) -> None:
    """Check what ``sign_route`` made; raises RemoteError."""
    verify(sign_key, _ROUTE_CONTEXT, _route(room, slot, seq, parent), signature)


def _route(room: RoomId, slot: int, seq: int, parent: DhKey) -> bytes:
    return room + bytes((slot,)) + seq.to_bytes(8, "big") + parent
