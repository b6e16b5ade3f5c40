"""The room as a relay holds it: floor operations alone, which are signed and not sealed.

A relay has no room key and sees no joins, names, hands or wishes. From appointments, grants, mutes,
removals and epochs it works out, by the same evaluation as members, whose frames it passes on and
whose passes open it. It knows the keys of members with a rank by their appointments, and of nobody
else.
"""

from collections import Counter
from collections.abc import Iterable

from crypto.genesis import Genesis
from crypto.ids import MemberId, RoomId
from p2p.room.ops.kinds import FLOOR
from p2p.room.state.evaluate import state_of
from p2p.room.state.model import RoomState
from p2p.room.store.intake import Intake
from p2p.room.store.opset import OpSet

__all__ = ["FLOOR", "FloorRoom"]


class FloorRoom:
    """The floor operations of one room. No clock, no socket: ``now`` is monotonic seconds."""

    def __init__(self, genesis: bytes) -> None:
        """Begin with nothing but the room's first record.

        Raises:
            RemoteError: The genesis is malformed.
        """
        self.genesis = Genesis.decode(genesis)
        self._ops = OpSet(self.genesis, blind=True)
        self._intake = Intake(self._ops, FLOOR)
        self.room_id: RoomId = self._ops.room_id
        self._state: RoomState | None = None

    @property
    def counts(self) -> Counter[str]:
        """What became of everything that came, by reason: see ``room.Room``."""
        return self._intake.counts

    @property
    def state(self) -> RoomState:
        """The room now, as far as floor operations tell.

        ``members`` are the host and whoever holds or held a rank, without names. A grant counts as
        taken: its slot is heard unless the member was moved down, muted or removed.
        """
        return self._settle()

    def _settle(self) -> RoomState:
        if self._state is None:
            self._state = state_of(self._ops.settle(), blind=True)
        return self._state

    def receive(self, data: bytes, sender: MemberId | None, now: float) -> bool:
        """Take in one operation.

        Args:
            data: Hostile bytes.
            sender: Whoever sent it, by its link; None for ourselves.
            now: Monotonic seconds.

        Returns:
            True if it is new and goes on to others. Otherwise see ``counts``.
        """
        reason, op = self._intake.take_in(data, sender, now)
        if op is None or reason != "new":
            return False
        self._ops.insert(op)
        self._state = None
        return True

    def ops(self) -> list[bytes]:
        """Give all operations that still count, in an order that can be applied page by page."""
        self._settle()
        return self._ops.all()

    def ids(self) -> list[bytes]:
        """Short ids (8 bytes) of all operations that still count, ascending."""
        self._settle()
        return self._ops.ids()

    def missing(
        self, have: Iterable[bytes], first: bytes = bytes(8), last: bytes = b"\xff" * 8
    ) -> list[bytes]:
        """Give what a neighbour lacks: see ``opset.OpSet.missing``."""
        self._settle()
        return self._ops.missing(have, first, last)
