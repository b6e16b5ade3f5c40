"""Ranks, and what each may do: the one table of powers.

An operation that takes a power enters the set only with its credentials: the ``Rank`` operation it
names as ``auth`` must be there, be about its author, and give a rank that may do such a thing. By
induction every such operation hangs on the host, so a key that nobody appointed can put nothing of
the kind into the set, whatever it signs. Co-hosts and moderators may give their own rank to one
other, and lose it by that. Whether an appointment still stands is another question, which
``authority`` answers.
"""

from collections.abc import Mapping
from typing import Final

from crypto.ids import MemberId, OpId
from p2p.room.ops.ids import NONE
from p2p.room.ops.kinds import (
    Body,
    Carriers,
    Down,
    Entry,
    Epoch,
    Grant,
    Let,
    Lock,
    Mute,
    Order,
    Profile,
    Rank,
    Remove,
    Roster,
    Topic,
    Uninvite,
)
from p2p.room.ops.op import Op

HOST = 0
CO_HOST = 1
MODERATOR = 2
HELPER = 3
NOBODY = 4

POWERS: Final[Mapping[type[Body], int]] = {
    Grant: MODERATOR,
    Mute: HELPER,
    Down: HELPER,
    Remove: MODERATOR,
    Lock: MODERATOR,
    Topic: MODERATOR,
    Order: HELPER,
    Rank: MODERATOR,
    Epoch: MODERATOR,
    Entry: MODERATOR,
    Let: MODERATOR,
    Uninvite: MODERATOR,
    Profile: MODERATOR,
    Carriers: MODERATOR,
    Roster: MODERATOR,
}
"""The lowest rank (highest number) that may write each kind. A rank may always give itself up."""


def takes_power(op: Op, host: MemberId) -> bool:
    """Tell whether the author decides about others. Its own invite anybody may take back."""
    kind = type(op.body)
    return kind in POWERS and (kind is not Uninvite or op.body.auth != NONE or op.author == host)


def standing(op: Op, host: MemberId, ranks: Mapping[OpId, Op]) -> bool | None:
    """Look at the credentials of an operation.

    Args:
        op: Any operation.
        host: Member id of the host, by the genesis.
        ranks: The ``Rank`` operations in the set.

    Returns:
        True if it may go in; False if it never can; None as long as its ``auth`` is not known.
    """
    if not takes_power(op, host):
        return op.body.auth == NONE or type(op.body) is Body
    rank = rank_under(op, host, ranks)
    if rank is None:
        return None
    if isinstance(op.body, Rank):
        given = op.body.rank > rank or hands_on(op, rank)
        below = given and op.body.member != host
        return below and (rank <= MODERATOR or (rank < NOBODY and op.body.member == op.author))
    return rank <= POWERS[type(op.body)]


def hands_on(op: Op, rank: int) -> bool:
    """Tell whether somebody of this rank gives it to another with this operation."""
    body = op.body
    own = isinstance(body, Rank) and body.rank == rank and body.member != op.author
    return own and HOST < rank <= MODERATOR


def rank_under(op: Op, host: MemberId, ranks: Mapping[OpId, Op]) -> int | None:
    """Give the rank that an operation claims; None if what it refers to is not known."""
    if op.body.auth == NONE:
        return HOST if op.author == host else NOBODY
    given = ranks.get(op.body.auth)
    if given is None:
        return None
    body = given.body
    return body.rank if isinstance(body, Rank) and body.member == op.author else NOBODY
