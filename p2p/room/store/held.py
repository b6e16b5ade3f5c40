"""Operations that came before what they hang on, kept until it comes."""

from crypto.ids import MemberId, OpId
from p2p.errors import RemoteError
from p2p.room.ops.kinds import Admit, Epoch, Rank
from p2p.room.ops.op import Op
from p2p.room.store.quotas import FLOOR

HELD_MAX = 128
HELD_PER_AUTHOR_MAX = 8


class Held:
    """What waits: for the admission of its author, the appointment it acts under, its epoch."""

    def __init__(self) -> None:
        self._ops: dict[OpId, Op] = {}

    def __len__(self) -> int:
        return len(self._ops)

    def __contains__(self, op: OpId) -> bool:
        return op in self._ops

    def hold(self, op: Op) -> None:
        """Keep an operation; the oldest gives way.

        Raises:
            RemoteError: Too many of this author wait already.
        """
        if sum(held.author == op.author for held in self._ops.values()) >= HELD_PER_AUTHOR_MAX:
            raise RemoteError("stranger")
        self._ops[op.id] = op
        if len(self._ops) > HELD_MAX:
            del self._ops[next(iter(self._ops))]

    def drop(self, op: Op) -> None:
        """Keep one of them no longer."""
        del self._ops[op.id]

    def waiting_for(self, new: Op, newcomer: MemberId | None) -> list[Op]:
        """Give what waited for an operation, oldest first; it may hang on others still.

        Args:
            new: What came.
            newcomer: Whom it lets in; None if it is no admission.
        """
        return [op for op in self._ops.values() if _waits_for(op, new, newcomer)]


def _waits_for(held: Op, new: Op, newcomer: MemberId | None) -> bool:
    match new.body:
        case Admit():
            return held.author == newcomer
        case Rank(member=member):
            return held.body.auth == new.id or held.author == member
        case Epoch():
            return isinstance(held.body, FLOOR) and held.body.epoch == new.id
    return False
