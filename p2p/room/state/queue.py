"""The one queue of raised hands, the same on every screen.

By what could hands be ordered so that all members agree and nobody can jump the queue?

- By a time the member writes into its hand: no. Whoever sets its clock back is first.
- By the hash of the hand: no. Whoever signs often enough is first.
- By the order of arrival: fair, but every member sees another one.

So one member's order of arrival is written down: the most senior one here signs, at most 0.1 s
after a hand reached it, which hands came next (``kinds.Order``). An order says how many hands were
named before (``base``), so the orders of all who may sign some make one list: what was named
earlier stays in front, and two that name at the same time are put together place by place, the
senior's first. A hand is named by its member and sequence number; lowered and raised again it is
another hand and goes to the end. To be early one has to be early at a moderator, and only that.

Hands that nobody has named yet stand behind all that are, in the order of their hashes. That order
can be ground out, but gains nothing: it ends as soon as somebody names them, and while nobody is
there who could, nobody can be called up either.
"""

from collections.abc import Iterable, Mapping

from crypto.ids import MemberId, OpId
from p2p.room.ops.kinds import HandRef, Order
from p2p.room.state.authority import Act

Place = tuple[int, int, MemberId, OpId]
"""What a named hand is sorted by: place in the list, then rank, author and id of the order."""


def places(orders: Iterable[Act[Order]]) -> dict[HandRef, Place]:
    """Find out where hands were named, the first naming counting.

    Args:
        orders: The ``Order`` operations that count.
    """
    named: dict[HandRef, Place] = {}
    for act in orders:
        for place, hand in enumerate(act.body.hands, start=act.body.base):
            key = (place, act.rank, act.op.author, act.op.id)
            named[hand] = min(key, named.get(hand, key))
    return named


def queue_of(
    raised: Iterable[tuple[HandRef, OpId]], named: Mapping[HandRef, Place]
) -> tuple[tuple[MemberId, ...], tuple[HandRef, ...], int]:
    """Put raised hands into their one order.

    Args:
        raised: Hands now up, each with the id of the operation that raised it.
        named: From ``places``.

    Returns:
        The members in the order of the queue, the hands that nobody has named yet, and the place
        where the next order begins.
    """
    hands = list(raised)
    first = sorted((named[hand], hand) for hand, _ in hands if hand in named)
    rest = sorted((op, hand) for hand, op in hands if hand not in named)
    queue = [hand.member for _, hand in first] + [hand.member for _, hand in rest]
    base = first[-1][0][0] + 1 if first else 0
    return tuple(queue), tuple(hand for _, hand in rest), base
