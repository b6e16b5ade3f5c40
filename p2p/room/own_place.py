"""Where we are ourselves, also while the room does not know us."""

from dataclasses import replace

from crypto.ids import DhKey, MemberId, SignKey
from p2p.room.ops.ids import NONE
from p2p.room.ops.op import Op
from p2p.room.stage import Stage
from p2p.room.state.model import Member, RoomState
from p2p.room.text.names import DisplayName


class OwnPlace:
    """Our own entry in the room, or, as long as no door has let us in, one from outside.

    Args:
        join: Our own.
        keys: Those that it names: Ed25519, X25519, X25519 for the next epoch; all public.
        name: As others see it.

    Attributes:
        me: Our member id.
        join_op: Bytes of our join.
    """

    def __init__(self, join: Op, keys: tuple[SignKey, DhKey, DhKey], name: DisplayName) -> None:
        self.me: MemberId = join.author
        self.join_op: bytes = join.data
        self._outside = Member(
            self.me, *keys, name, Stage.OUTSIDE, None, None, False, NONE, join.id, False
        )
        self._left = False

    def leave(self) -> None:
        """We go: whoever let us in may not have told us yet."""
        self._left = True

    def entry(self, state: RoomState) -> Member:
        """Give what the state says of us; if it says nothing, what we know ourselves."""
        if (known := state.members.get(self.me)) is not None:
            return known
        if self.me in state.removed:
            return replace(self._outside, stage=Stage.REMOVED)
        return replace(self._outside, stage=Stage.LEFT) if self._left else self._outside
