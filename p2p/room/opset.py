"""The set of operations a member holds: checked on the way in, bounded, and handed on."""

from collections.abc import Iterable

from crypto.genesis import Genesis
from crypto.identity import member_id
from p2p.errors import RemoteError
from p2p.room.ids import MemberId, OpId, short
from p2p.room.kinds import Join
from p2p.room.ops import Op, decode_op, verify_join, verify_op
from p2p.room.registers import Registers

MEMBERS_MAX = 512
"""Members in a run of the room, the gone included."""

OPS_MAX = 8192
"""Reached only under attack: an honest room of 512 needs some 2,600."""

HELD_MAX = 128
HELD_PER_AUTHOR_MAX = 8
SPENT_MAX = 4096
UNSETTLED_MAX = 256


class OpSet:
    """All operations that still count, by id.

    An operation of somebody whose join has not come yet cannot be checked and waits for it, as
    long as there is room.
    """

    def __init__(self, genesis: Genesis) -> None:
        self.host: MemberId = member_id(genesis.sign, genesis.dh)
        self.room_id: bytes = genesis.room_id
        self._keys: dict[MemberId, bytes] = {self.host: genesis.sign}
        self._ops: dict[OpId, Op] = {}
        self._spent: dict[OpId, None] = {}
        self._held: dict[OpId, Op] = {}
        self._unsettled = 0

    def __len__(self) -> int:
        return len(self._ops)

    def __contains__(self, op: OpId) -> bool:
        return op in self._ops

    def knows(self, op: OpId) -> bool:
        """Tell whether the operation is here, waits, or was here and no longer counts."""
        return op in self._ops or op in self._spent or op in self._held

    def read(self, data: bytes) -> Op:
        """Decode an operation of this room; its signature is checked by ``check``.

        Raises:
            RemoteError: See ``ops.decode_op``.
        """
        return decode_op(data, self.room_id)

    def check(self, op: Op) -> bool:
        """Find out whether an operation may go in.

        Args:
            op: From ``read``; not one that we know.

        Returns:
            False if its author has not joined yet, so that nothing can be said: ``hold`` it.

        Raises:
            RemoteError: It is forged, or there is no more room.
        """
        key = self._keys.get(op.author)
        if isinstance(op.body, Join):
            verify_join(op, op.body)
        elif key is None:
            return False
        else:
            verify_op(op, key)
        self._require_room(op)
        return True

    def insert(self, op: Op) -> list[Op]:
        """Take in an operation that ``check`` let pass, or one that we wrote ourselves.

        Returns:
            The operations that are new by it: itself, and those that waited for it.
        """
        self._ops[op.id] = op
        new = [op]
        if isinstance(op.body, Join):
            self._keys[op.author] = op.body.sign
            new += self._release(op.author, op.body.sign)
        self._unsettled += len(new)
        if self._unsettled >= UNSETTLED_MAX:
            self.settle()
        return new

    def _require_room(self, op: Op) -> None:
        if op.author == self.host:
            return
        if op.author not in self._keys and len(self._keys) >= MEMBERS_MAX:
            raise RemoteError("full")
        if len(self._ops) >= OPS_MAX:
            raise RemoteError("full")

    def hold(self, op: Op) -> None:
        """Keep an operation until its author's join comes; the oldest give way.

        Raises:
            RemoteError: Too many of this author wait already.
        """
        if sum(held.author == op.author for held in self._held.values()) >= HELD_PER_AUTHOR_MAX:
            raise RemoteError("stranger")
        self._held[op.id] = op
        if len(self._held) > HELD_MAX:
            del self._held[next(iter(self._held))]

    def _release(self, author: MemberId, key: bytes) -> list[Op]:
        waiting = [op for op in self._held.values() if op.author == author]
        good: list[Op] = []
        for op in waiting:
            del self._held[op.id]
            try:
                verify_op(op, key)
            except RemoteError:
                continue
            self._ops[op.id] = op
            good.append(op)
        return good

    def settle(self) -> Registers:
        """Drop what no longer counts.

        Returns:
            What is left, sorted into registers, ready for ``state.state_of``.
        """
        registers = Registers(self._ops.values(), self.host)
        kept = {op.id: op for op in registers.kept()}
        for op in self._ops.values():
            # A dropped join may count again: a removal can name it.
            if op.id not in kept and not isinstance(op.body, Join):
                self._spent[op.id] = None
        while len(self._spent) > SPENT_MAX:
            del self._spent[next(iter(self._spent))]
        self._ops = kept
        self._unsettled = 0
        return registers

    def all(self) -> list[bytes]:
        """Bytes of all operations; whoever reads from the front can check each when it comes."""
        return [op.data for op in self._ops.values()]

    def ids(self) -> list[bytes]:
        """Short ids (8 bytes) of all operations, ascending."""
        return sorted({short(op) for op in self._ops})

    def missing(self, have: Iterable[bytes], first: bytes, last: bytes) -> list[bytes]:
        """Give what another member lacks.

        Args:
            have: Short ids of what it holds between ``first`` and ``last``, both included.
            first: Lowest short id it speaks of.
            last: Highest short id it speaks of.

        Returns:
            Bytes of the operations in that range that it does not have.
        """
        theirs = set(have)
        return [
            op.data
            for op in self._ops.values()
            if first <= short(op.id) <= last and short(op.id) not in theirs
        ]
