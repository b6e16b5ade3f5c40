"""What one member in one room proves and checks on its lines: see ``crypto.lineproof``."""

from crypto.identity import Identity
from crypto.ids import DhKey, RoomId, SignKey
from crypto.lineproof import check_line, prove_line
from p2p.errors import RemoteError
from p2p.link.conversation import Conversation
from p2p.room.ops import kinds
from p2p.room.ops.op import decode_op
from p2p.wire.messages import Admit, Join


class LineProofs:
    """Proofs of one member.

    Args:
        identity: Ours.
        room: Room id, 32 bytes.
    """

    def __init__(self, identity: Identity, room: RoomId) -> None:
        self._identity = identity
        self._room = room

    def join(self, op: bytes, line: Conversation, dh: DhKey) -> Join:
        """Our wish to come in.

        Args:
            op: Our join operation.
            line: The only line on which it counts.
            dh: X25519 public key of the member at the other end.
        """
        return Join(op, prove_line(self._identity, self._room, dh, line.tie, asks=True))

    def of_admit(self, line: Conversation, dh: DhKey) -> bytes:
        """The proof in our yes to the member with this X25519 public key, over this line."""
        return prove_line(self._identity, self._room, dh, line.tie, asks=False)

    def check_join(self, join: Join, line: Conversation) -> None:
        """Checks that whoever says it holds the key that signed the operation in it.

        Raises:
            RemoteError: It does not, or this is no join operation.
        """
        body = decode_op(join.op, self._room).body
        if not isinstance(body, kinds.Join):
            raise RemoteError("no join")
        self._check(line, body.sign, body.dh, join.proof, asked=True)

    def check_admit(self, admit: Admit, line: Conversation, sign: SignKey, dh: DhKey) -> None:
        """Checks that the member with these public keys says yes; raises RemoteError."""
        self._check(line, sign, dh, admit.proof, asked=False)

    def _check(
        self, line: Conversation, sign: SignKey, dh: DhKey, proof: bytes, *, asked: bool
    ) -> None:
        check_line(sign, dh, self._room, self._identity.dh, line.tie, proof, asked=asked)
