"""Who came by whose invite."""

import functools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from crypto.identity import verify
from crypto.ids import MemberId, OpId, SignKey
from p2p.errors import RemoteError
from p2p.room.ops.kinds import Invite, Join
from p2p.room.ops.newcomer import JOINS_MAX
from p2p.room.ops.op import Op
from p2p.room.ops.registers import Registers

CONTEXT = b"invite"


@dataclass(frozen=True, slots=True)
class InviteInfo:
    """An invite as everybody sees it.

    Attributes:
        id: Its operation.
        by: Whose it is.
        key: Ed25519 public key, whose secret half its holders have.
        uses: Members it may bring in; 0 for any number.
        expires_s: Room time after which doors refuse it; 0 for never.
        used: Members it brought in.
        revoked: It was taken back, or somebody who came by it was removed.
    """

    id: OpId
    by: MemberId
    key: SignKey
    uses: int
    expires_s: int
    used: int
    revoked: bool

    @property
    def is_used_up(self) -> bool:
        """Tell whether as many members came by it as may."""
        return 0 < self.uses <= self.used


@functools.lru_cache(maxsize=JOINS_MAX)
def proves(join: Op, proof: bytes, key: SignKey) -> bool:
    """Tell whether the proof in a join is a signature by the key of an invite."""
    try:
        verify(key, CONTEXT, join.body.room + join.author, proof)
    except RemoteError:
        return False
    return True


class Lineage:
    """Who brought in whom: joins that prove to come by an invite of somebody else."""

    def __init__(self, registers: Registers) -> None:
        self._came_by: dict[OpId, Op] = {}
        self._brought: dict[MemberId, list[MemberId]] = defaultdict(list)
        self._invites: dict[OpId, tuple[Op, SignKey]] = {
            op.id: (op, body.key)
            for op, body in registers.all("invite", Invite)
            if op.author in registers.introduced
        }
        self._missing: set[OpId] = set()
        for join, body in registers.all("join", Join):
            self.come(join, body)

    def come(self, join: Op, body: Join) -> None:
        """Take in the join of somebody new, and what it says."""
        if body.invite not in self._invites:
            self._missing.add(body.invite)
        invite = self.proven_by(join, body)
        if invite is not None:
            self._came_by[join.id] = invite
            self._brought[invite.author].append(join.author)

    def proven_by(self, join: Op, body: Join) -> Op | None:
        """Give the invite of somebody else by which a join proves to come, taken in or not."""
        if body.invite not in self._invites:
            return None
        invite, key = self._invites[body.invite]
        is_proven = invite.author != join.author and proves(join, body.proof, key)
        return invite if is_proven else None

    def offer(self, invite: Op, body: Invite) -> bool:
        """Take in one more invite, and what it says.

        Returns:
            False if somebody has come by it before we knew it.
        """
        self._invites[invite.id] = (invite, body.key)
        return invite.id not in self._missing

    def invite_of(self, join: OpId) -> Op | None:
        """Give the invite by which somebody joined."""
        return self._came_by.get(join)

    def branch_of(self, member: MemberId) -> Iterator[MemberId]:
        """Give everybody whom the member's invites brought in, and whom theirs did."""
        seen = {member}
        waiting = [member]
        while waiting:
            for child in self._brought.get(waiting.pop(), ()):
                if child not in seen:
                    seen.add(child)
                    waiting.append(child)
                    yield child


def describe(
    invites: Iterable[Op],
    used: Mapping[OpId, int],
    revoked: Collection[OpId],
    is_here: Callable[[MemberId], bool],
) -> Mapping[OpId, InviteInfo]:
    """Describe those of some invites whose makers are here, by id.

    Args:
        invites: Operations.
        used: How many members each brought in.
        revoked: Invites that let nobody in any more.
        is_here: Tells whether the invites of a member let others in.
    """
    return {
        op.id: InviteInfo(
            op.id,
            op.author,
            op.body.key,
            op.body.uses,
            op.body.expires_s,
            used.get(op.id, 0),
            op.id in revoked,
        )
        for op in invites
        if isinstance(op.body, Invite) and is_here(op.author)
    }
