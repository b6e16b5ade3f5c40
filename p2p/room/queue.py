"""The one queue of raised hands, the same on every screen.

By what could hands be ordered so that all members agree and nobody can jump the queue?

- By a time the member writes into its hand: no. Whoever sets its clock back is first.
- By the hash of the hand: no. Whoever signs often enough is first.
- By the order of arrival: fair, but every member sees another one.

So one member's order of arrival is written down: the host signs, at most 0.1 s after a hand reached
it, which hands came next (``kinds.Order``), and its own sequence numbers make that one list for
all. A hand is named by its member and sequence number; lowered and raised again it is another hand
and goes to the end. To be early one has to be early at the host, and only that.

Hands that the host has not named yet stand behind all that it has, in the order of their hashes.
That order can be ground out, but gains nothing: it ends as soon as the host names them, and while
no host is there nobody can be called up either.
"""

from collections.abc import Iterable

from p2p.room.ids import MemberId, OpId
from p2p.room.kinds import HandRef, Order


def places(orders: Iterable[Order]) -> dict[HandRef, int]:
    """Number the hands that the host has named.

    Args:
        orders: What the host signed, oldest first.

    Returns:
        A hand's rank among all ever named; the first naming counts.
    """
    rank: dict[HandRef, int] = {}
    for order in orders:
        for hand in order.hands:
            rank.setdefault(hand, len(rank))
    return rank


def queue_of(
    raised: Iterable[tuple[HandRef, OpId]], rank: dict[HandRef, int]
) -> tuple[tuple[MemberId, ...], tuple[HandRef, ...]]:
    """Put raised hands into their one order.

    Args:
        raised: Hands now up, each with the id of the operation that raised it.
        rank: From ``places``.

    Returns:
        The members in the order of the queue, and the hands that the host has not named yet.
    """
    hands = sorted(raised, key=lambda item: (rank.get(item[0], len(rank)), item[1]))
    unnamed = tuple(hand for hand, _ in hands if hand not in rank)
    return tuple(hand.member for hand, _ in hands), unnamed
