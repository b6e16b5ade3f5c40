"""A set of operations, sorted: what each member says of itself, and what is said with a power.

What a member says of itself is a register: its wish, its key for wraps. Only the newest value
counts, by the author's own sequence number. Two values with the same number mean that the author
has signed two histories; then a wish is tied and read as none until a newer one comes.

All of this depends on operations of one author alone, so keeping only what still counts is a join
semilattice: whatever order and grouping in which sets are merged and cut down, the same remains.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Final, TypeVar

from crypto.ids import EpochId, MemberId, OpId
from p2p.room.ops.kinds import (
    LINKS,
    Admit,
    Ask,
    Audience,
    Body,
    Decline,
    Epoch,
    Hand,
    HandRef,
    Invite,
    Join,
    Leave,
    Rank,
    Recv,
    Remove,
    Take,
    Uninvite,
)
from p2p.room.ops.newcomer import admitted_by, introductions
from p2p.room.ops.op import Op
from p2p.room.ops.powers import NOBODY, standing, takes_power

B = TypeVar("B", bound=Body)

OTHERS_OF_HOST = 512
OTHERS_OF_MEMBER = 16
"""Kept operations per author of kinds that this program does not know."""

ASKS_MAX = 8
"""Members waiting at one member's door: the newest count."""

INVITES_MAX = 64
"""Invites of one member in its life, and as many taken back: the first count, for the lineage of
those who came by them must not be pushed out by later ones."""

ADMITS_MAX = 1024
"""Newcomers that one member lets in during its life: the first count, each once."""

_TIE = 2
WISHES: Final = Hand | Take | Decline | Audience
_NAMES: Final[dict[type[Body], str]] = {
    **dict.fromkeys((Hand, Take, Decline, Audience), "wish"),
    Recv: "recv",
    Leave: "leave",
    Ask: "ask",
    Admit: "admit",
    Invite: "invite",
    Uninvite: "uninvite",
}


def age(op: Op) -> tuple[int, OpId]:
    """Order the operations of one author, the oldest first."""
    return op.seq, op.id


class Registers:
    """A set of operations, sorted.

    Attributes:
        host: Member id of the host.
        powers: Operations that take a power and have the credentials for it.
        waiting: Such whose credentials are not known yet.
        ranks: Those of them that appoint somebody, by id.
        links: Those of them that are links of their author's chain, by id.
        epochs: What those of them say that begin an epoch, by id.
        admits: Who let in a member, with the join that came in it: operations by their id.
        introduced: Of whom admissions show who they are, from the host down, counting or not, and
            which one does. What others sign nobody can check.
        joins: Ids of the joins that count.
    """

    def __init__(self, ops: Iterable[Op], host: MemberId) -> None:
        self.host = host
        self.powers: list[Op] = []
        self.ranks: dict[OpId, Op] = {}
        self.links: dict[OpId, Op] = {}
        self.epochs: dict[EpochId, Epoch] = {}
        self.waiting: list[Op] = []
        self._own: dict[str, dict[MemberId, tuple[Op, ...]]] = {
            name: {} for name in {*_NAMES.values(), "join", "other"}
        }
        self.admits: dict[MemberId, list[tuple[Op, Op]]] = defaultdict(list)
        held: dict[tuple[str, MemberId], list[Op]] = defaultdict(list)
        claims: list[Op] = []
        for op in {op.id: op for op in ops}.values():
            if takes_power(op, host):
                claims.append(op)
            elif isinstance(op.body, Join):  # a join that stands alone is nobody's but the host's
                if op.author == host:
                    held["join", host].append(op)
            else:
                held[_NAMES.get(type(op.body), "other"), op.author].append(op)
        self._look_at(claims)
        self._pinned = {op.body.join for op in self.powers if isinstance(op.body, Remove)}
        for (name, author), some in held.items():
            self._own[name][author] = self._counting(name, author, some)
        for member in self.admits:
            self._own["join"][member] = self._counting("join", member, self._joins_of(member))
        for author in self._own["leave"]:
            self._end_wishes(author)
        self.joins: set[OpId] = {op.id for ops in self._own["join"].values() for op in ops}
        self.introduced: dict[MemberId, OpId] = introductions(
            host, ((op, member) for member, pairs in self.admits.items() for op, _ in pairs)
        )

    def add(self, op: Op) -> Sequence[Op] | None:
        """Take in one more operation, if nobody's register but its author's changes by that.

        Returns:
            What no longer counts by it, maybe itself; None if only the whole set can tell, sorted
            anew: what is here is of no use then.
        """
        if takes_power(op, self.host):
            return () if self._add_power(op) else None
        name, author = _NAMES.get(type(op.body), "other"), op.author
        if name == "admit":
            return self._add_admission(op)
        if name in ("wish", "recv") and self.left(author):
            return (op,)
        some = [*self.read(name, author), op]
        now = self._own[name][author] = self._counting(name, author, some)
        gone = [one for one in some if one not in now]
        if name == "leave":
            gone += self._end_wishes(author)
        return gone

    def is_in_vain(self, op: Op) -> bool:
        """Tell whether an operation counts for nothing beside what its author said before.

        It lets in somebody again, or is one invite too many, or one too many taken back. One can
        sign these without end, so they must cost nothing.
        """
        if isinstance(op.body, Invite | Uninvite):
            before = self.read(_NAMES[type(op.body)], op.author)
            return len(before) >= INVITES_MAX and age(before[-1]) < age(op)
        join = admitted_by(op) if isinstance(op.body, Admit) else None
        claims = self.admits.get(join.author, ()) if join is not None else ()
        return any(one.author == op.author and age(one) < age(op) for one, _ in claims)

    def _add_power(self, op: Op) -> bool:
        if not standing(op, self.host, self.ranks):
            return False
        if isinstance(op.body, Rank) and self.waiting:
            return False
        if isinstance(op.body, Remove):
            if len(self._joins_of(op.body.member)) > _TIE:  # one that counts by this alone
                return False
            self._pinned.add(op.body.join)
        self._stands(op)
        return True

    def _end_wishes(self, author: MemberId) -> list[Op]:
        """Drop what somebody that has left wished; gives it."""
        return [*self._own["wish"].pop(author, ()), *self._own["recv"].pop(author, ())]

    def _add_admission(self, op: Op) -> Sequence[Op] | None:
        mine, join = self.read("admit", op.author), admitted_by(op)
        if join is None or join.author == self.host or len(mine) >= ADMITS_MAX:
            return None
        member, claims = join.author, self.admits.get(join.author, [])
        if any(claim.author == op.author for claim, _ in claims):
            return None
        self._own["admit"][op.author] = tuple(sorted((*mine, op), key=age))
        self.admits[member] = [*claims, (op, join)]
        self._own["join"][member] = self._counting("join", member, self._joins_of(member))
        self.joins.add(join.id)
        self.introduced.setdefault(member, op.id)
        return ()

    def drop(self, powers: Collection[OpId]) -> None:
        """Forget some of what was said with a power: not appointments, nor links."""
        self.powers = [op for op in self.powers if op.id not in powers]
        for one in powers:
            self.epochs.pop(EpochId(one), None)

    def _joins_of(self, member: MemberId) -> list[Op]:
        """Give the joins that doors have taken in: of a member the same may come by several."""
        return list({join.id: join for _, join in self.admits.get(member, ())}.values())

    def _first_of_each(self, admits: list[Op]) -> tuple[Op, ...]:
        """Give the first admission of each newcomer by one door, the oldest first."""
        first: dict[MemberId, tuple[Op, Op]] = {}
        for op in admits:
            join = admitted_by(op)
            if join is not None and join.author != self.host:
                first.setdefault(join.author, (op, join))
        pairs = list(first.values())[:ADMITS_MAX]
        for op, join in pairs:
            self.admits[join.author].append((op, join))
        return tuple(op for op, _ in pairs)

    def _look_at(self, claims: list[Op]) -> None:
        """Sort out who has the credentials; those of a rank hang on those of higher ones."""
        claims.sort(key=lambda op: op.body.rank if isinstance(op.body, Rank) else NOBODY + 1)
        before = -1
        while before != len(self.powers):  # a rank that was handed on hangs on one of its own kind
            before = len(self.powers)
            self.waiting = []
            for op in claims:
                stands = standing(op, self.host, self.ranks)
                if stands is None:
                    self.waiting.append(op)
                elif stands:
                    self._stands(op)
            claims = self.waiting

    def _stands(self, op: Op) -> None:
        self.powers.append(op)
        if type(op.body) in LINKS:
            self.links[op.id] = op
        if isinstance(op.body, Epoch):
            self.epochs[EpochId(op.id)] = op.body
        if isinstance(op.body, Rank):
            self.ranks[op.id] = op

    def _counting(self, name: str, author: MemberId, ops: list[Op]) -> tuple[Op, ...]:
        """What still counts of a register, the oldest first."""
        ops.sort(key=age)
        if name == "join":
            # A removed member is known by the join that its removal names.
            return tuple(op for n, op in enumerate(ops) if n < _TIE or op.id in self._pinned)
        if name == "admit":
            return self._first_of_each(ops)
        if name in ("invite", "uninvite"):
            return tuple(ops[:INVITES_MAX])
        if name == "other":
            return tuple(ops[-(OTHERS_OF_HOST if author == self.host else OTHERS_OF_MEMBER) :])
        if name == "ask":
            return tuple(ops[-ASKS_MAX:])
        top = ops[-1].seq
        return tuple(op for op in ops if op.seq == top)[:_TIE]

    def read(self, name: str, author: MemberId) -> tuple[Op, ...]:
        """Give the value of a register: nothing, one operation, or two when it is tied."""
        return self._own[name].get(author, ())

    def all(self, name: str, kind: type[B]) -> list[tuple[Op, B]]:
        """Give the operations of all registers of a name with what they say, by id."""
        ops = [op for ops in self._own[name].values() for op in ops]
        ops.sort(key=lambda op: op.id)
        return [(op, op.body) for op in ops if isinstance(op.body, kind)]

    def own(self) -> list[Op]:
        """Everything that members say of themselves and that still counts."""
        return [
            op
            for name, by_author in self._own.items()
            for author, ops in by_author.items()
            if name != "join" or author == self.host
            for op in ops
        ]

    def let_in_by(self, door: MemberId) -> list[MemberId]:
        """Give whom a member has let in, whether that counts or not."""
        joins = [admitted_by(op) for op in self.read("admit", door)]
        return [join.author for join in joins if join is not None]

    @property
    def leavers(self) -> Collection[MemberId]:
        """Members that have left and are not forgotten."""
        return self._own["leave"].keys()

    def left(self, member: MemberId) -> bool:
        """Tell whether the member has left for good."""
        return member in self._own["leave"]

    def wish(self, member: MemberId) -> Op | None:
        """Give the member's own last wish; None for none, a tied one, or if it left."""
        wishes = self.read("wish", member)
        return wishes[0] if len(wishes) == 1 and not self.left(member) else None

    def is_past(self, hand: HandRef) -> bool:
        """Tell whether a hand can never matter again, by its owner's own word."""
        wish = self.read("wish", hand.member)
        return self.left(hand.member) or bool(wish and wish[0].seq > hand.seq)
