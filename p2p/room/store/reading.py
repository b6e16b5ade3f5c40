"""How far a set of operations has been read: what it meant, and what came since."""

from collections.abc import Iterable

from crypto.ids import OpId
from p2p.room.ops.kinds import Invite, Leave
from p2p.room.ops.op import Op
from p2p.room.ops.registers import INVITES_MAX
from p2p.room.state.verdict import Findings, taken
from p2p.room.state.ways_in import ENOUGH
from p2p.room.store.pruning import is_time_to_forget

UNREAD_MAX = 256
"""Operations, or a quarter of all if that is more, that come in before it is looked what is
forgotten by them."""


class Reading:
    """What a set meant when it was read last, and what is unread."""

    def __init__(self) -> None:
        self._unread: list[Op] = []
        self._left = 0
        self._findings: Findings | None = None
        self._last: Findings | None = None

    def add(self, op: Op) -> None:
        """One more has come in."""
        self._unread.append(op)
        self._left += isinstance(op.body, Leave)

    def is_due(self, held: int) -> bool:
        """Tell whether so much is unread that the set, of so many, is to be read."""
        return len(self._unread) >= max(UNREAD_MAX, held // 4)

    def go_on(self, members: int) -> tuple[Findings, set[OpId]] | None:
        """Read what came since.

        Args:
            members: So many are remembered.

        Returns:
            What the set means, the same object as before, and what no longer counts of what
            members say of themselves. None if the whole set has to be read anew.
        """
        unread, self._unread = self._unread, []
        found, self._findings = self._findings, None  # until all of it is taken in
        if found is None:
            return None
        left = len(found.registers.leavers) + self._left
        if is_time_to_forget(left, self._left, members):
            return None
        gone = taken(found, unread)
        if gone is None:
            return None
        self._findings = found
        return found, gone

    def whole(self, findings: Findings, lost: Iterable[OpId]) -> None:
        """The whole set has been read.

        Args:
            findings: What it means.
            lost: Operations that it lost by that.
        """
        self._unread.clear()
        self._left = 0
        # Of members that are forgotten it tells too much to go on with.
        fits = {op.id for op in findings.registers.own()}.isdisjoint(lost)
        self._findings = findings if fits else None
        self._last = findings

    def is_dear(self, admit: Op, join: Op) -> bool:
        """Tell whether an admission takes a look at everybody and lets in nobody.

        It is by somebody that was removed, or lets in somebody again, or is of a member that has
        doors enough, or with another join than the one by which all know it, or one of too many
        that count for nobody. Anybody could sign such without end.
        """
        if (found := self._last) is None:
            return False
        others = found.registers.admits.get(join.author, [])
        enough = len(others) >= ENOUGH or any(one.id != join.id for _, one in others)
        again = any(one.author == admit.author for one, _ in others)
        is_in = join.author in found.admitted.known
        idle = found.increments.takes_idly(admit.author, join)
        return again or idle or admit.author in found.admitted.removed or (is_in and enough)

    def is_one_more(self, op: Op) -> bool:
        """Tell whether an invite, or one taken back, is one more than count of its author.

        If it says that it is older than one of these it takes its place, and so without end.
        """
        name = "invite" if isinstance(op.body, Invite) else "uninvite"
        found = self._last
        return found is not None and len(found.registers.read(name, op.author)) >= INVITES_MAX
