"""Which operations of a set still say something: the newest of each register.

A register is something one author sets again and again: its own wish, its word on one member, the
lock. Only the newest value counts, by the author's own sequence number. Two values with the same
number mean that the author has signed two histories (equivocation); then the register is tied and
read as its most restrictive value until a newer one comes.

Keeping only what still counts is a join semilattice: whatever order and grouping in which sets are
merged and cut down, the same operations remain. So members converge by exchanging what they kept,
and memory depends on the number of members and not on how long the room lasts.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, TypeVar

from p2p.room.ids import NONE, MemberId, OpId
from p2p.room.kinds import (
    Audience,
    Body,
    Decline,
    Down,
    Grant,
    Hand,
    HandRef,
    Join,
    Leave,
    Lock,
    Mute,
    Order,
    Remove,
    Take,
    Topic,
)
from p2p.room.ops import Op

B = TypeVar("B", bound=Body)

Register = tuple[str, MemberId]
"""What is set, and by whom or about whom."""

OTHERS_OF_HOST = 512
OTHERS_OF_MEMBER = 16
"""Kept operations per author that are of no register: unknown kinds, powers it does not have."""

_TIE = 2
_WISHES: Final = (Hand, Take, Decline, Audience)


def register_of(op: Op, host: MemberId) -> Register | None:
    """Name the register that an operation sets.

    Args:
        op: Any operation.
        host: The only member whose word on others counts.

    Returns:
        None for orders, unknown kinds, and acts without the power for them.
    """
    body = op.body
    if isinstance(body, Join):
        return "join", body.author
    if isinstance(body, Leave):
        return "leave", body.author
    if isinstance(body, _WISHES):
        return "wish", body.author
    if not has_power(op, host):
        return None
    if isinstance(body, Grant | Down):
        return "floor", body.member
    if isinstance(body, Mute):
        return "mute", body.member
    if isinstance(body, Remove):
        return ("remove", body.member) if body.member != host else None
    if isinstance(body, Lock):
        return "lock", host
    return ("topic", host) if isinstance(body, Topic) else None


def has_power(op: Op, host: MemberId) -> bool:
    """Tell whether the author may decide about others: only the host may, by the genesis."""
    return op.author == host and op.body.auth == NONE


class Registers:
    """A set of operations, sorted into registers.

    Attributes:
        host: Member id of the host.
    """

    def __init__(self, ops: Iterable[Op], host: MemberId) -> None:
        self.host = host
        self._held: dict[Register, dict[OpId, Op]] = defaultdict(dict)
        orders: dict[OpId, Op] = {}
        others: dict[OpId, Op] = {}
        for op in ops:
            register = register_of(op, host)
            if register is not None:
                self._held[register][op.id] = op
            elif isinstance(op.body, Order) and has_power(op, host):
                orders[op.id] = op
            else:
                others[op.id] = op
        self._orders = sorted(orders.values(), key=_age)
        self._others = list(others.values())
        self._kept = {register: _newest(held) for register, held in self._held.items()}
        self._pin_joins()

    def _pin_joins(self) -> None:
        """A removed member is known by the join that its removal names, and by no later one."""
        for register, held in self._held.items():
            if register[0] != "remove":
                continue
            first = min(held.values(), key=_age)
            self._kept[register] = (first,)
            joins = self._held.get(("join", register[1]), {})
            for removal in self.bodies(*register, Remove):
                if removal.join in joins:
                    self._kept["join", register[1]] = (joins[removal.join],)

    def read(self, what: str, whom: MemberId) -> tuple[Op, ...]:
        """Give the value of a register: nothing, one operation, or two when it is tied."""
        return self._kept.get((what, whom), ())

    def bodies(self, what: str, whom: MemberId, kind: type[B]) -> list[B]:
        """Like ``read``, but only the values of one kind, without their ids."""
        return [op.body for op in self.read(what, whom) if isinstance(op.body, kind)]

    def members(self) -> list[MemberId]:
        """Everyone who ever joined, by id."""
        return sorted(whom for what, whom in self._kept if what == "join")

    def removed(self) -> frozenset[MemberId]:
        """Everyone who is out for ever, joined or not."""
        return frozenset(whom for what, whom in self._kept if what == "remove")

    def gone(self, member: MemberId) -> bool:
        """Tell whether the member left or was removed."""
        return bool(self.read("leave", member) or self.read("remove", member))

    def orders(self) -> list[Order]:
        """What the host said of the order of hands, oldest first."""
        return [op.body for op in self._orders if isinstance(op.body, Order)]

    def is_past(self, hand: HandRef) -> bool:
        """Tell whether an acknowledged hand can never matter again."""
        wish = self.read("wish", hand.member)
        return self.gone(hand.member) or bool(wish and wish[0].seq > hand.seq)

    def kept(self) -> list[Op]:
        """All operations that still count or may count for a newer program.

        Returns:
            The host's first (its key is in the genesis), then member by member, each from its
            join on: whoever reads from the front can check every one when it comes.
        """
        ops = [op for register, held in self._kept.items() for op in held if self._counts(register)]
        ops += [op for op in self._orders if not self._is_spent(op)]
        ops += self._newest_others()
        return sorted(ops, key=lambda op: (op.author != self.host, op.author, *_age(op)))

    def _counts(self, register: Register) -> bool:
        what, whom = register
        if what == "leave":
            return not self.read("remove", whom)
        return what not in ("wish", "floor", "mute") or not self.gone(whom)

    def _is_spent(self, op: Op) -> bool:
        return isinstance(op.body, Order) and all(self.is_past(hand) for hand in op.body.hands)

    def _newest_others(self) -> list[Op]:
        by_author: dict[MemberId, list[Op]] = defaultdict(list)
        for op in self._others:
            if not self.read("remove", op.author):
                by_author[op.author].append(op)
        newest: list[Op] = []
        for author, ops in by_author.items():
            limit = OTHERS_OF_HOST if author == self.host else OTHERS_OF_MEMBER
            newest += sorted(ops, key=_age)[-limit:]
        return newest


def _age(op: Op) -> tuple[int, bytes]:
    return op.seq, op.id


def _newest(held: dict[OpId, Op]) -> tuple[Op, ...]:
    """The operations of the highest sequence number, at most two: enough to show a tie."""
    top = max(op.seq for op in held.values())
    return tuple(sorted((op for op in held.values() if op.seq == top), key=_age)[:_TIE])
