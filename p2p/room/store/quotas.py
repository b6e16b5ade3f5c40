"""How many operations are taken, so that nobody can use up the room that others need.

A member's own words, operations that last, and those on the floor are counted apart. What is
written with a power is charged to an *account*: the member that a senior gave a rank to, together
with everybody who has that rank from it, and with the helpers of these. So helpers, however
many, use up a part of what their moderator has; one moderator uses up a part of what all have; and
beyond what moderators can fill stands a reserve for their removals and new keys, beyond that one
for co-hosts, beyond that the host's. All of this is reached under attack only.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from crypto.ids import EpochId, MemberId, OpId
from p2p.room.ops.kinds import (
    Admit,
    Body,
    Down,
    Epoch,
    Grant,
    Join,
    Leave,
    Mute,
    Rank,
    Recv,
    Remove,
    Roster,
)
from p2p.room.ops.op import Op
from p2p.room.ops.powers import CO_HOST, HELPER, HOST, MODERATOR, NOBODY, takes_power
from p2p.room.ops.registers import WISHES

PEOPLE_MAX = 65536
"""Who is in, who left, their wishes and receive keys: five admissions and a key of each member of a
full room. The host is exempt."""

OWN_MAX = 16384
"""What else members say of themselves: invites, who waits at their door, kinds that we do not know.
The host is exempt."""

LASTING_MAX = 4096
"""Operations with a power that no epoch ends: those of moderators and helpers end here."""
RESERVE = 1024
"""So many more for removals and epochs of moderators, then for anything of co-hosts, then for what
these can least do without, and so on for the host."""

ACCOUNT_MAX = 2048
"""Of those, charged to one account but the host's."""
HELPERS_MAX = 1024
"""Of those, written by its helpers."""

FLOOR_PER_EPOCH_MAX = 2048
"""Grants, mutes and downs under one epoch; co-hosts and the host: twice that."""
FLOOR_MAX = 8192
"""The same under all epochs of which they are kept; co-hosts: twice that, the host: no end."""

_OF_PEOPLE: Final = Join | Admit | Leave | Recv | WISHES
FLOOR: Final = (Grant, Mute, Down)
_VITAL: Final[Mapping[int, tuple[type[Body], ...]]] = {
    HOST: (Remove, Epoch, Rank, Roster),
    CO_HOST: (Remove, Epoch, Rank, Roster),
    MODERATOR: (Remove, Epoch, Roster),
    HELPER: (),
    NOBODY: (),
}
_LEVELS: Final = {HOST: 4, CO_HOST: 2, MODERATOR: 0, HELPER: 0, NOBODY: 0}
"""How many reserves somebody of a rank may fill with anything."""


def _pool(op: Op) -> str:
    """Under what an operation without a power is counted."""
    return "people" if isinstance(op.body, _OF_PEOPLE) else "own"


class Quotas:
    """Counts what is held.

    Args:
        host: Member id of the host.
        ranks: The ``Rank`` operations in the set; kept up by its owner.
    """

    def __init__(self, host: MemberId, ranks: Mapping[OpId, Op]) -> None:
        self._host = host
        self._ranks = ranks
        self._counts: Counter[object] = Counter()

    def clear(self) -> None:
        """Count from nothing again."""
        self._counts.clear()

    def add(self, op: Op) -> None:
        """Count one more."""
        self._counts.update(self._slots(op))

    def remove(self, op: Op) -> None:
        """Count one less."""
        self._counts.subtract(self._slots(op))

    def _slots(self, op: Op) -> list[object]:
        """Under what an operation is counted."""
        if not takes_power(op, self._host):
            return [_pool(op)]
        account = self._account(op.author, op.body.auth)
        pool = "floor" if isinstance(op.body, FLOOR) else "lasting"
        slots: list[object] = [pool, (pool, account)]
        if self._rank(op.author, op.body.auth) == HELPER:
            slots.append((pool, account, HELPER))
        if isinstance(op.body, FLOOR):
            slots.append(op.body.epoch)
        return slots

    def takes(self, op: Op) -> bool:
        """Tell whether there is room for one more operation."""
        if not takes_power(op, self._host):
            most = PEOPLE_MAX if _pool(op) == "people" else OWN_MAX
            return op.author == self._host or self._counts[_pool(op)] < most
        if isinstance(op.body, FLOOR):
            return self._takes_floor(op.author, op.body.auth, op.body.epoch)
        return self.takes_lasting(type(op.body), op.author, op.body.auth)

    def takes_lasting(
        self, kind: type[Body], author: MemberId, auth: OpId, before: int = 0
    ) -> bool:
        """Tell whether one more operation is taken that no epoch ends.

        Args:
            kind: One that takes a power.
            author: Whose.
            auth: The appointment it is written under.
            before: How many others it writes before that one.
        """
        rank = self._rank(author, auth)
        reserves = _LEVELS[rank] + (kind in _VITAL[rank])
        if self._counts["lasting"] + before >= LASTING_MAX + reserves * RESERVE:
            return False
        return self._account_takes("lasting", author, auth, before)

    def _takes_floor(self, author: MemberId, auth: OpId, epoch: EpochId) -> bool:
        rank = self._rank(author, auth)
        share = 2 if rank <= CO_HOST else 1
        if self._counts[epoch] >= FLOOR_PER_EPOCH_MAX * share:
            return False
        if rank > HOST and self._counts["floor"] >= FLOOR_MAX * share:
            return False
        return self._account_takes("floor", author, auth)

    def _account_takes(self, pool: str, author: MemberId, auth: OpId, before: int = 0) -> bool:
        rank = self._rank(author, auth)
        account = self._account(author, auth)
        if rank >= HELPER and self._counts[pool, account, HELPER] >= HELPERS_MAX:
            return False
        return rank == HOST or self._counts[pool, account] + before < ACCOUNT_MAX

    def _rank(self, author: MemberId, auth: OpId) -> int:
        given = self._given(auth)
        if given is not None:
            return given.rank
        return HOST if author == self._host else NOBODY

    def _account(self, author: MemberId, auth: OpId) -> MemberId:
        """Follow appointments up to the one by which somebody got a power from a senior."""
        given = self._given(auth)
        while given is not None:
            author = given.member
            above = self._given(given.auth)
            if above is None or given.rank not in (HELPER, above.rank):
                break
            given = above
        return author

    def _given(self, auth: OpId) -> Rank | None:
        op = self._ranks.get(auth)
        return op.body if op is not None and isinstance(op.body, Rank) else None
