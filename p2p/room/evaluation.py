"""What a set of operations means, worked out when somebody looks."""

from collections.abc import Sequence

from p2p.room.state.evaluate import Member, RoomState, state_of
from p2p.room.store.opset import OpSet


class Evaluation:
    """The state of a set of operations.

    Args:
        ops: The set; its owner says when something has come in.
    """

    def __init__(self, ops: OpSet) -> None:
        self._ops = ops
        self._state: RoomState | None = None
        self._roster: Sequence[Member] | None = None

    @property
    def is_current(self) -> bool:
        """Nothing has come in since the state was worked out."""
        return self._state is not None

    def expire(self) -> None:
        """Operations have come in: the state is to be worked out again."""
        self._state = self._roster = None

    @property
    def state(self) -> RoomState:
        """What the operations mean; the same object until it has expired."""
        if self._state is None:
            self._state = state_of(self._ops.settle())
        return self._state

    @property
    def roster(self) -> Sequence[Member]:
        """Those whom a new secret is wrapped to: see ``RoomState.roster``."""
        if self._roster is None:
            self._roster = self.state.roster()
        return self._roster
