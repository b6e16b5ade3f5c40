"""The chain of an author's links: where it is cut, and where it forks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crypto.ids import MemberId, OpId
from p2p.room.ops.ids import NONE
from p2p.room.ops.kinds import LINKS, Body, Down, Let, Lock, Mute, Rank, Remove, Uninvite
from p2p.room.ops.op import Op
from p2p.room.ops.powers import NOBODY


def chain_of(author: MemberId, last: OpId, links: Mapping[OpId, Op]) -> frozenset[OpId]:
    """Follow a chain back from one of its links.

    Args:
        author: Whose chain.
        last: Id of the link to begin with; zeros for none.
        links: All links in the set.

    Returns:
        The link and those before it, as far as they are known.
    """
    ids: set[OpId] = set()
    while last not in ids and last != NONE:
        ids.add(last)
        op = links.get(last)
        if op is None or op.author != author:
            break
        last = op.body.prev
    return frozenset(ids)


def last_link(author: MemberId, join: OpId, links: Iterable[Op]) -> OpId:
    """Find the newest link of an author whose chain is known back to its join.

    Args:
        author: Whose chain.
        join: Id of its join, the first link.
        links: Links in the set, of anybody.
    """
    own = sorted((op for op in links if op.author == author), key=lambda op: (op.seq, op.id))
    known = {join}
    last = join
    for op in own:
        if op.body.prev in known:
            known.add(op.id)
            last = op.id
    return last


@dataclass(frozen=True, slots=True)
class Cut:
    """Of an author's operations only these count."""

    links: frozenset[OpId]
    keeps: frozenset[OpId]

    def lets(self, op: Op) -> bool:
        """Tell whether an operation lies before the cut."""
        return op.id in (self.links if type(op.body) in LINKS else self.keeps)


def without_fork(ops: list[Op]) -> list[Op]:
    """Take from an author that signed two histories what it could gain by that.

    Args:
        ops: Operations of one author under one power.

    Returns:
        Those that count: all, if the links form one line; else, from the first fork on, only what
        restricts somebody, for a lock or a removal that some have acted on must not vanish.
    """
    fork = _fork(op for op in ops if type(op.body) in LINKS)
    if fork is None:
        return ops
    return [op for op in ops if op.seq < fork or restricts(op.body)]


def _fork(links: Iterable[Op]) -> int | None:
    """The lowest number of two links that cannot both be in one line."""
    by_prev: dict[OpId, int] = {}
    by_seq: dict[int, OpId] = {}
    fork: int | None = None
    for op in links:
        rival = by_prev.setdefault(op.body.prev, op.seq)
        if rival != op.seq or by_seq.setdefault(op.seq, op.id) != op.id:
            fork = min(op.seq, rival) if fork is None else min(op.seq, rival, fork)
    return fork


def restricts(body: Body) -> bool:
    """Tell whether an operation only ever takes something away."""
    match body:
        case Remove() | Down() | Uninvite():
            return True
        case Mute() | Lock() | Let():
            return body.on is not isinstance(body, Let)
        case Rank():
            return body.rank == NOBODY or body.member == body.author
    return False
