"""What the two ends of a line sign for each other: that they are who the handshake says.

The handshake of a KNOCK proves that an end holds a member's X25519 key, and a join operation is
everybody's to show. Who had once copied that key alone could be this member, or its door, to
others. So either end signs, with the key that operations are signed with, what names this line.
"""

from crypto.identity import Identity, verify
from crypto.ids import DhKey, RoomId, SignKey

PROOF_BYTES = 64
_CONTEXTS = {True: b"join", False: b"admit"}


def prove_line(
    identity: Identity, room: RoomId, peer_dh: DhKey, tie: bytes, *, asks: bool
) -> bytes:
    """Sign for one line.

    Args:
        identity: Ours.
        room: Room id, 32 bytes.
        peer_dh: The other end's X25519 public key, 32 bytes.
        tie: What both ends know of this line and no other has, 64 bytes of a link, 32 of a carried
            line.
        asks: We ask to be let in; False: we let in.

    Returns:
        64 bytes.
    """
    return identity.sign(_CONTEXTS[asks], room + identity.dh + peer_dh + tie)


def check_line(
    sign: SignKey, dh: DhKey, room: RoomId, own_dh: DhKey, tie: bytes, proof: bytes, *, asked: bool
) -> None:
    """Check what ``prove_line`` made at the other end.

    Args:
        sign: The other's Ed25519 public key.
        dh: Its X25519 public key.
        room: Room id.
        own_dh: Our X25519 public key.
        tie: As above.
        proof: Foreign bytes.
        asked: The other asked to be let in.

    Raises:
        RemoteError: It is of somebody else, of another line, or of the other direction.
    """
    verify(sign, _CONTEXTS[asked], room + dh + own_dh + tie, proof)
