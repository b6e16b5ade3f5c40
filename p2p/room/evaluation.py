"""What a set of operations means, worked out when somebody looks."""

from collections.abc import Sequence

from p2p.room.state.evaluate import Member, Picture, RoomState
from p2p.room.state.key_holders import KeyHolders
from p2p.room.store.opset import OpSet


class Evaluation:
    """The state of a set of operations.

    What came since the last look is taken in all at once: see ``verdict`` for when the whole set
    has to be worked out for it.

    Args:
        ops: The set; its owner says when something has come in.
    """

    def __init__(self, ops: OpSet) -> None:
        self._ops = ops
        self._picture: Picture | None = None
        self._is_current = False
        self._holders = KeyHolders()
        self._roster: Sequence[Member] | None = None

    @property
    def is_current(self) -> bool:
        """Nothing has come in since the state was worked out."""
        return self._is_current

    def expire(self) -> None:
        """Operations have come in: the state is to be worked out again."""
        self._is_current = False

    @property
    def state(self) -> RoomState:
        """What the operations mean; the same object until it has expired."""
        if self._is_current and self._picture is not None:
            return self._picture.state
        findings = self._ops.settle()
        if self._picture is not None and self._picture.findings is findings:
            self._picture.look()
        else:
            self._picture = Picture(findings)
        self._is_current, self._roster = True, None
        return self._picture.state

    @property
    def roster(self) -> Sequence[Member]:
        """Those whom a new secret is wrapped to: see ``RoomState.roster``."""
        state = self.state
        if self._roster is None:
            self._roster = self._holders.look(state)
        return self._roster
