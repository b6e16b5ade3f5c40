"""What no longer counts, remembered so that it is not taken in again."""

from collections.abc import Set as AbstractSet
from typing import TypeVar

from crypto.ids import MemberId, OpId
from p2p.room.ops.kinds import Admit
from p2p.room.ops.op import Op

SPENT_MAX = 4096
FORGOTTEN_MAX = 4096
"""Members of whom nothing is kept but that they left, some 250 bytes each."""

K = TypeVar("K")
V = TypeVar("V")


class Gone:
    """Operations that were dropped, and members of whom only their leave is kept."""

    def __init__(self) -> None:
        self._spent: dict[OpId, None] = {}
        self._leaves: dict[MemberId, bytes] = {}

    @property
    def members(self) -> AbstractSet[MemberId]:
        """Those of whom nothing is kept but that they left."""
        return self._leaves.keys()

    def leave_of(self, member: MemberId) -> bytes:
        """Give the leave of one of ``members``: for those who still believe it here."""
        return self._leaves[member]

    def has_seen(self, op: Op) -> bool:
        """Tell whether an operation was here, or is of a member that is forgotten.

        Not its admissions: it may be the door of somebody who stays.
        """
        return op.id in self._spent or (
            op.author in self._leaves and not isinstance(op.body, Admit)
        )

    def spend(self, op: OpId) -> None:
        """Take note of an operation that was dropped and will never count again."""
        self._spent[op] = None

    def forget(self, leave: Op) -> None:
        """Keep of a member that it left, and nothing else."""
        self._leaves[leave.author] = leave.data

    def recall(self, member: MemberId) -> bytes:
        """Give the leave of one of ``members``, which is to be in the set again."""
        return self._leaves.pop(member)

    def limit(self) -> None:
        """Let the oldest of both go, beyond so many."""
        _limit(self._spent, SPENT_MAX)
        _limit(self._leaves, FORGOTTEN_MAX)


def _limit(memory: dict[K, V], most: int) -> None:
    while len(memory) > most:
        del memory[next(iter(memory))]
