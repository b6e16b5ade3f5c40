"""The set of operations a member holds: checked on the way in, bounded, and handed on."""

from collections.abc import Iterable, Iterator
from typing import Final

from crypto.genesis import Genesis
from crypto.identity import member_id
from crypto.ids import EpochId, MemberId, OpId, RoomId
from p2p.errors import RemoteError
from p2p.room.ops.ids import short
from p2p.room.ops.kinds import (
    Admit,
    Body,
    Down,
    EntryMode,
    Epoch,
    Grant,
    Invite,
    Join,
    Leave,
    Mute,
    Order,
    Uninvite,
)
from p2p.room.ops.newcomer import introductions, let_in
from p2p.room.ops.op import Op, decode_op
from p2p.room.ops.powers import takes_power
from p2p.room.state.increments import CLAIMS_MAX
from p2p.room.state.model import RoomState
from p2p.room.state.spare import spare
from p2p.room.state.verdict import Findings
from p2p.room.store.arrivals import Arrivals
from p2p.room.store.credentials import Credentials
from p2p.room.store.gone import Gone
from p2p.room.store.held import Held
from p2p.room.store.introducing import shown_first
from p2p.room.store.pruning import ended, kept, turn
from p2p.room.store.quotas import FLOOR, Quotas
from p2p.room.store.reading import Reading

MEMBERS_MAX = 10_000
"""Members in a room that are remembered, the gone included."""

_MAY_COUNT_AGAIN: Final = Admit | Epoch | Grant | Mute | Down | Order
"""What is not refused when it comes again: a dropped admission, which a removal can name, an epoch
of long ago, what was dropped for its epoch, and an order dropped as its author's powers had ended.
"""


class OpSet:
    """All operations that still count, by id.

    An operation waits, as long as there is room, for what it hangs on: the admission of its author,
    the appointment it acts under, the epoch it belongs to. So nothing is in the set whose author or
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
        self.room_id: RoomId = genesis.room_id
        self._entry: EntryMode = genesis.entry
        self._blind = blind
        self._credentials = Credentials(self.host, genesis.sign, blind=blind)
        self._ops: dict[OpId, Op] = {}
        self._arrivals = Arrivals()
        self._held = Held()
        self._gone = Gone()
        self._quotas = Quotas(self.host, self._credentials.ranks)
        self._reading = Reading()

    def __len__(self) -> int:
        return len(self._ops)

    def __contains__(self, op: OpId) -> bool:
        return op in self._ops

    def has_joined(self, member: MemberId) -> bool:
        """Tell whether this member was let in, by what we knew when we last looked."""
        return member in self._arrivals.known

    def has_forgotten(self, member: MemberId) -> bool:
        """Tell whether this member left and is no longer remembered otherwise."""
        return member in self._gone.members

    def farewell(self, member: MemberId) -> bytes:
        """Give the leave of a member that is forgotten: for those who still believe it here."""
        return self._gone.leave_of(member)

    def members(self) -> int:
        """Count the members remembered, the gone included."""
        return len(self._arrivals.known)

    def knows(self, op: Op) -> bool:
        """Tell whether the operation is here, waits, or was here and no longer counts."""
        return op.id in self._ops or op.id in self._held or self._gone.has_seen(op)

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
        if isinstance(op.body, Join) and op.author != self.host:
            raise RemoteError("alone")
        if isinstance(op.body, Admit) and self.newcomer(op) is None:
            raise RemoteError("bad_join")
        if not self._credentials.check(op):
            return False
        self._require_room(op)
        return True

    def newcomer(self, op: Op) -> MemberId | None:
        """Tell whom an operation lets in; None if it is no admission."""
        join = let_in(op, self.host)
        return join.author if join else None

    def is_dear(self, op: Op) -> bool:
        """Tell whether an operation takes a look at everybody, and could come without end."""
        if isinstance(op.body, Invite | Uninvite):
            return not takes_power(op, self.host) and self._reading.is_one_more(op)
        join = let_in(op, self.host)
        return join is not None and self._reading.is_dear(op, join)

    def insert(self, op: Op) -> list[Op]:
        """Take in an operation that ``check`` let pass, or one that we wrote ourselves.

        Returns:
            The operations that are new by it: itself, and those that waited for it.
        """
        new = [op]
        if isinstance(op.body, Admit) and op.author in self._gone.members:
            self._put(self.read(self._gone.recall(op.author)))  # it is the door of somebody
        self._put(op)
        new += self._release(op)
        if self._reading.is_due(len(self._ops)):
            self.settle()
        return new

    def _put(self, op: Op) -> None:
        self._ops[op.id] = op
        self._credentials.learn(op)
        if (member := self._arrival(op)) is not None:
            self._arrivals.add(member)
        self._quotas.add(op)
        self._reading.add(op)

    def _arrival(self, op: Op) -> MemberId | None:
        """Tell whose join an operation is or carries."""
        return op.author if isinstance(op.body, Join) else self.newcomer(op)

    def _require_room(self, op: Op) -> None:
        newcomer = self.newcomer(op)
        fresh = newcomer is not None and newcomer not in self._arrivals.known
        if fresh and len(self._arrivals.known) >= MEMBERS_MAX:
            raise RemoteError("full")
        if not self._quotas.takes(op):
            raise RemoteError("full")

    def has_room_for(self, kind: type[Body], author: MemberId, auth: OpId, before: int = 0) -> bool:
        """Tell whether one more operation with a power is taken from this author, after some.

        Those on the floor end with their epoch and are bounded by themselves.
        """
        return kind in FLOOR or self._quotas.takes_lasting(kind, author, auth, before)

    def hold(self, op: Op) -> None:
        """Keep an operation until what it hangs on comes; the oldest give way.

        Raises:
            RemoteError: Too many of this author wait already.
        """
        self._held.hold(op)

    def _release(self, new: Op) -> list[Op]:
        """Take in what waited for an operation; drop what turns out to be bad.

        What waits for others is not looked at: each look is a signature.
        """
        good: list[Op] = []
        came = [new]
        while came:
            one = came.pop()
            for op in self._held.waiting_for(one, self.newcomer(one)):
                try:
                    ready = self.check(op)
                except RemoteError:
                    self._held.drop(op)
                    continue
                if ready:
                    self._held.drop(op)
                    self._put(op)
                    good.append(op)
                    came.append(op)
        return good

    def settle(self) -> Findings:
        """Drop what no longer counts.

        Returns:
            What all this means, ready for ``state.state_of``. The same object as before if what
            came since could be taken in as it is.
        """
        read = self._reading.go_on(len(self._arrivals.known))
        if read is None:
            return self._settle_all()
        findings, gone = read
        if findings.may_end_acts:
            findings.forget(over := ended(findings))
            gone |= over
        self._drop(gone)
        self._arrivals.look(findings.admitted.known)
        return findings

    def _drop(self, gone: Iterable[OpId]) -> None:
        for one in gone:
            op = self._ops.pop(one)
            self._quotas.remove(op)
            if isinstance(op.body, Epoch):
                self._credentials.drop(EpochId(one))
            if not isinstance(op.body, _MAY_COUNT_AGAIN):
                self._gone.spend(one)
        self._gone.limit()

    def _settle_all(self) -> Findings:
        findings = Findings(self._ops.values(), self.host, self._entry)
        left = {op.id: op for op in kept(findings)}
        for op, _ in findings.registers.all("leave", Leave):
            if op.id in left:
                continue
            if op.author == self._me:  # our own place in the room stays as long as we look at it
                left |= {one.id: one for one in self._ops.values() if self._is_ours(one)}
            else:
                self._gone.forget(op)
        self._drop_claims(left, findings)
        orphans = self._drop_orphans(left)
        for op in self._ops.values():
            back = isinstance(op.body, _MAY_COUNT_AGAIN) or op.id in orphans
            if op.id not in left and not back:
                self._gone.spend(op.id)
        self._gone.limit()
        lost = {one: op for one, op in self._ops.items() if one not in left}
        findings.forget({one for one, op in lost.items() if takes_power(op, self.host)})
        if lost:
            self._forget(left)
        self._arrivals.whole(findings.admitted.known - self._gone.members)
        self._reading.whole(findings, lost)
        return findings

    def _is_ours(self, op: Op) -> bool:
        return self._me in (op.author, self.newcomer(op))

    def _drop_claims(self, left: dict[OpId, Op], findings: Findings) -> None:
        """Drop admissions that nobody needs, and, beyond so many, those that do not count."""
        registers, admitted = findings.registers, findings.admitted
        shows = {registers.introduced.get(member) for member in admitted.known}
        needed = {claim.id for claim in admitted.claims} | shows
        idle = [
            admit.id
            for pairs in registers.admits.values()
            for admit, _ in pairs
            if admit.id in left and admit.id not in needed
        ]
        useless = spare(admitted.claims, registers.introduced, self.host) & left.keys()
        for one in (*sorted(idle)[CLAIMS_MAX:], *useless):
            del left[one]

    def _drop_orphans(self, left: dict[OpId, Op]) -> set[OpId]:
        """Drop what nobody who comes new could check, for no admission shows who its author is.

        Of ours nothing: whoever lets us in again shows who we are. Nor what takes a power.
        """
        if self._blind:
            return set()
        pairs = [(op, self.newcomer(op)) for op in left.values()]
        admits = [(op, newcomer) for op, newcomer in pairs if newcomer is not None]
        shown = {self._me, *introductions(self.host, admits)}
        orphans = {
            op.id
            for op in left.values()
            if op.author not in shown and not takes_power(op, self.host)
        }
        for orphan in orphans:
            del left[orphan]
        return orphans

    def _forget(self, left: dict[OpId, Op]) -> None:
        before, self._ops = self._ops, {}
        self._arrivals.clear()
        self._quotas.clear()
        self._credentials.forget(but=self._gone.members | {self.host})
        for op in before.values():  # in the order in which they came: each behind its author's
            if op.id in left:
                self._put(op)

    def all(self) -> list[bytes]:
        """Bytes of all operations; whoever reads from the front can check each when it comes.

        They came here in such an order, but appointments before what they hang on.
        """
        return [op.data for op in sorted(self._ops.values(), key=turn)]

    def introducing(self, state: RoomState, members: Iterable[MemberId]) -> list[bytes]:
        """The same, but first what shows of some members that they are in: see ``shown_first``.

        Then all that one has to know before the first sound: what was ever said with a power,
        removals and keys included, who said it, and those who may speak. The members of a large
        room come last.
        """
        came: dict[MemberId, Op] = {}
        for op in self._ops.values():  # each behind its author's
            member = self._arrival(op)
            if member is not None:
                came.setdefault(member, op)

        def line_to(some: Iterable[MemberId]) -> Iterator[Op]:
            for member in some:
                down: list[Op] = []
                while member in came:
                    down.insert(0, came.pop(member))
                    member = down[0].author
                yield from down

        powers = sorted((op for op in self._ops.values() if takes_power(op, self.host)), key=turn)
        first = [
            *shown_first(self._ops.values(), state, self._arrival, members),
            *line_to((self.host, *members, *state.live, *(op.author for op in powers))),
            *powers,
        ]
        return list(dict.fromkeys([*(op.data for op in first), *self.all()]))

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
        return [op.data for op in sorted(found, key=turn)]
