"""The set of operations a member holds: checked on the way in, bounded, and handed on."""

from collections.abc import Iterable
from typing import TypeVar

from crypto.genesis import Genesis
from crypto.identity import member_id
from p2p.errors import RemoteError
from p2p.room.ops.ids import NONE, MemberId, OpId, short
from p2p.room.ops.kinds import Body, Down, EntryMode, Epoch, Grant, Join, Leave, Mute, Order, Rank
from p2p.room.ops.op import Op, decode_op, verify_join, verify_op
from p2p.room.ops.powers import standing
from p2p.room.state.verdict import Findings
from p2p.room.store.pruning import kept, order
from p2p.room.store.quotas import FLOOR, Quotas

MEMBERS_MAX = 1024
"""Members in a room that are remembered, the gone included."""

HELD_MAX = 128
HELD_PER_AUTHOR_MAX = 8
SPENT_MAX = 4096
FORGOTTEN_MAX = 4096
"""Members of whom nothing is kept but that they left, some 250 bytes each."""
UNSETTLED_MAX = 256

K = TypeVar("K")
V = TypeVar("V")


class OpSet:
    """All operations that still count, by id.

    An operation waits, as long as there is room, for what it hangs on: the join of its author, the
    appointment it acts under, the epoch it belongs to. So nothing is in the set whose author or
    credentials are in doubt.

    Args:
        genesis: Names the host.
        me: Whose set it is, if it is a member's.
        blind: For relays, which see no joins: keys of authors are those of their appointments.
    """

    def __init__(
        self, genesis: Genesis, me: MemberId | None = None, *, blind: bool = False
    ) -> None:
        self._me = me
        self.host: MemberId = member_id(genesis.sign, genesis.dh)
        self.room_id: bytes = genesis.room_id
        self._entry: EntryMode = genesis.entry
        self._blind = blind
        self._keys: dict[MemberId, bytes] = {self.host: genesis.sign}
        self._ops: dict[OpId, Op] = {}
        self._ranks: dict[OpId, Op] = {}
        self._epochs: set[OpId] = set()
        self._joined: set[MemberId] = set()
        self._spent: dict[OpId, None] = {}
        self._forgotten: dict[MemberId, bytes] = {}
        self._held: dict[OpId, Op] = {}
        self._quotas = Quotas(self.host, self._ranks)
        self._unsettled = 0

    def __len__(self) -> int:
        return len(self._ops)

    def __contains__(self, op: OpId) -> bool:
        return op in self._ops

    def has_joined(self, member: MemberId) -> bool:
        """Tell whether a join of this member is here."""
        return member in self._joined

    def has_forgotten(self, member: MemberId) -> bool:
        """Tell whether this member left and is no longer remembered otherwise."""
        return member in self._forgotten

    def farewell(self, member: MemberId) -> bytes:
        """Give the leave of a member that is forgotten: for those who still believe it here."""
        return self._forgotten[member]

    def members(self) -> int:
        """Count the members remembered, the gone included."""
        return len(self._joined)

    def knows(self, op: Op) -> bool:
        """Tell whether the operation is here, waits, or was here and no longer counts."""
        return (
            op.id in self._ops
            or op.id in self._spent
            or op.id in self._held
            or op.author in self._forgotten
        )

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
            False if what it hangs on has not come yet, so that nothing can be said: ``hold`` it.

        Raises:
            RemoteError: It is forged, takes a power that nobody gave, or there is no more room.
        """
        key = self._keys.get(op.author)
        if isinstance(op.body, Join):
            verify_join(op, op.body)
        elif key is None:
            return False
        else:
            verify_op(op, key)
        stands = standing(op, self.host, self._ranks)
        if stands is False:
            raise RemoteError("powerless")
        if stands is None or not self._epoch_is_known(op):
            return False
        self._require_room(op)
        return True

    def _epoch_is_known(self, op: Op) -> bool:
        epoch = op.body.epoch if isinstance(op.body, FLOOR) else NONE
        return epoch == NONE or epoch in self._epochs

    def insert(self, op: Op) -> list[Op]:
        """Take in an operation that ``check`` let pass, or one that we wrote ourselves.

        Returns:
            The operations that are new by it: itself, and those that waited for it.
        """
        new = [op]
        self._put(op)
        if isinstance(op.body, Join | Rank | Epoch):
            new += self._release()
        self._unsettled += len(new)
        if self._unsettled >= UNSETTLED_MAX:
            self.settle()
        return new

    def _put(self, op: Op) -> None:
        self._ops[op.id] = op
        self._index(op)
        self._quotas.add(op)

    def _index(self, op: Op) -> None:
        body = op.body
        if isinstance(body, Join):
            self._joined.add(op.author)
            self._keys[op.author] = body.sign
        elif isinstance(body, Rank):
            self._ranks[op.id] = op
            if self._blind:
                self._keys[body.member] = body.sign
        elif isinstance(body, Epoch):
            self._epochs.add(op.id)

    def _require_room(self, op: Op) -> None:
        fresh = isinstance(op.body, Join) and op.author not in self._joined
        if fresh and op.author != self.host and len(self._joined) >= MEMBERS_MAX:
            raise RemoteError("full")
        if not self._quotas.takes(op):
            raise RemoteError("full")

    def has_room_for(self, kind: type[Body], author: MemberId, auth: OpId) -> bool:
        """Tell whether one more operation with a power is taken from this author.

        Those on the floor end with their epoch and are bounded by themselves.
        """
        return kind in FLOOR or self._quotas.takes_lasting(kind, author, auth)

    def hold(self, op: Op) -> None:
        """Keep an operation until what it hangs on comes; the oldest give way.

        Raises:
            RemoteError: Too many of this author wait already.
        """
        if sum(held.author == op.author for held in self._held.values()) >= HELD_PER_AUTHOR_MAX:
            raise RemoteError("stranger")
        self._held[op.id] = op
        if len(self._held) > HELD_MAX:
            del self._held[next(iter(self._held))]

    def _release(self) -> list[Op]:
        """Take in what waited and can be checked now; drop what turns out to be bad."""
        good: list[Op] = []
        found = True
        while found:
            found = False
            for op in list(self._held.values()):
                try:
                    ready = self.check(op)
                except RemoteError:
                    del self._held[op.id]
                    continue
                if ready:
                    del self._held[op.id]
                    self._put(op)
                    good.append(op)
                    found = True
        return good

    def settle(self) -> Findings:
        """Drop what no longer counts.

        Returns:
            What all this means, ready for ``state.state_of``.
        """
        findings = Findings(self._ops.values(), self.host, self._entry)
        left = {op.id: op for op in kept(findings)}
        for op, _ in findings.registers.all("leave", Leave):
            if op.id in left:
                continue
            if op.author == self._me:  # our own place in the room stays as long as we look at it
                left |= {own.id: own for own in self._ops.values() if own.author == self._me}
            else:
                self._forgotten[op.author] = op.data
        for op in self._ops.values():
            # What may count again is not refused when it comes again: a dropped join, which a
            # removal can name, an epoch of long ago, what was dropped for its epoch, and an order
            # dropped as its author's powers had ended.
            again = Join | Epoch | Grant | Mute | Down | Order
            if op.id not in left and not isinstance(op.body, again):
                self._spent[op.id] = None
        _bound(self._spent, SPENT_MAX)
        _bound(self._forgotten, FORGOTTEN_MAX)
        if len(left) < len(self._ops):
            self._forget(left)
        self._unsettled = 0
        return findings

    def _forget(self, left: dict[OpId, Op]) -> None:
        self._ops = {}
        self._quotas.clear()
        self._joined.clear()
        self._epochs.clear()
        for op in left.values():
            self._put(op)

    def all(self) -> list[bytes]:
        """Bytes of all operations; whoever reads from the front can check each when it comes."""
        return [op.data for op in sorted(self._ops.values(), key=order)]

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
            Bytes of the operations in that range that it does not have, as ``all`` orders them.
        """
        theirs = set(have)
        found = [
            op
            for op in self._ops.values()
            if first <= short(op.id) <= last and short(op.id) not in theirs
        ]
        return [op.data for op in sorted(found, key=order)]


def _bound(memory: dict[K, V], limit: int) -> None:
    """Let the oldest go."""
    while len(memory) > limit:
        del memory[next(iter(memory))]
