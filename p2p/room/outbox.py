"""Operations that have to go out: our own, and those that are passed on."""

from typing import NamedTuple

from crypto.ids import MemberId, OpId
from p2p.room.ops.kinds import Leave
from p2p.room.ops.op import Op
from p2p.room.store.opset import OpSet


class Outgoing(NamedTuple):
    """An operation to pass on.

    Attributes:
        to: One member, or None for every neighbour.
        data: The operation.
        but: With ``to`` None: the neighbour who sent it and does not need it back.
    """

    to: MemberId | None
    data: bytes
    but: MemberId | None


class Outbox:
    """What has not gone out yet."""

    def __init__(self) -> None:
        self._passed_on: dict[OpId, Outgoing] = {}
        self._farewells: list[Outgoing] = []

    def pass_on(self, op: Op, but: MemberId | None) -> None:
        """Give an operation to every neighbour, but for the one who sent it."""
        outgoing = Outgoing(None, op.data, but)
        if isinstance(op.body, Leave):  # we may forget who left at once
            self._farewells.append(outgoing)
        else:
            self._passed_on[op.id] = outgoing

    def tell_left(self, member: MemberId, leave: bytes) -> None:
        """Give the leave of somebody that we have forgotten to one who believes it here."""
        self._farewells.append(Outgoing(member, leave, None))

    def take(self, ops: OpSet) -> list[Outgoing]:
        """Give what goes out now, oldest first, leaves last.

        Args:
            ops: Those that still count; others are passed on no more, but for leaves.
        """
        out = [outgoing for op, outgoing in self._passed_on.items() if op in ops]
        out += self._farewells
        self._passed_on.clear()
        self._farewells.clear()
        return out
