"""Who hangs under a node: how many it takes, and whom it turns away to where. Sans-IO.

A node that carries comes before a listener: it gets a listener's place, and the listener is shown
to it. A child that was warm here and has lost its parent is taken beyond the limit, and another
listener is asked to go. So for some seconds a node may carry more than it offered, by a quarter
and one.
"""

import math
from dataclasses import dataclass

from crypto.ids import DhKey
from p2p.mesh.tree.row import OPEN_MAX, ROWS_MAX, Ask, Row
from p2p.wire.relay_messages import DEPTH_MAX

SPARE_SHARE = 4
WARM_TIMES = 3
"""A node keeps so many warm children for each that it takes, and a few."""
SHOWN_A_LEVEL = 16
"""One that was shown so often and still has places comes as late as one a hop deeper."""
SHOWN_MAX = 2048
GO_S = 6.0
"""A listener that was asked to go is let go after so long."""


@dataclass(slots=True)
class _Child:
    """Under us: what it carries, and what it says of its branch."""

    slots: int
    rank: float
    row: Row | None = None
    open: tuple[Row, ...] = ()


class Children:
    """All children of one node.

    Args:
        slots: How many of them it passes sound on to.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._hearing: dict[DhKey, _Child] = {}
        self._warm: dict[DhKey, _Child] = {}
        self._carry: dict[DhKey, _Child] = {}  # of those that hear, the ones that pass sound on
        self._shown: dict[DhKey, int] = {}
        self._going: dict[DhKey, float] = {}  # of those that hear: asked to go, until when

    @property
    def hearing(self) -> list[DhKey]:
        """Those that get sound from here."""
        return list(self._hearing)

    @property
    def is_heard(self) -> bool:
        """Whether somebody gets sound from here."""
        return bool(self._hearing)

    @property
    def all(self) -> list[DhKey]:
        """Those that get sound from here or may want to."""
        return [*self._hearing, *self._warm]

    @property
    def is_full(self) -> bool:
        """Whether there is no place, or less than none."""
        return len(self._hearing) >= self.slots

    def take(
        self, child: DhKey, ask: Ask, now: float, rank: float = math.inf
    ) -> tuple[bool, DhKey | None]:
        """Somebody asks for sound, or to be warm.

        Args:
            child: Its key.
            ask: What it wants.
            now: Monotonic seconds.
            rank: Its place among those that the room names: it has fewer to hang under than those
                behind it, so it takes the place of one of those.

        Returns:
            Whether it is taken; and the child that has to go for it, if one has to.
        """
        warm = child in self._warm
        if ask.want == "warm":
            if child not in self.all and len(self._warm) >= WARM_TIMES * self.slots + 2:
                return False, None
            known = self._hearing.get(child) or self._warm.get(child) or _Child(ask.slots, rank)
            self.drop(child)
            self._warm[child] = known
            return True, None
        if child in self._hearing:
            return True, None
        goes = None
        if self.is_full:
            goes = self._leaf() if ask.slots or warm else None
            if goes is None and rank < math.inf:
                goes = self._behind(rank)
            most = self.slots + 1 + self.slots // SPARE_SHARE
            is_let = goes is not None or warm
            is_named = rank < math.inf and goes is not None
            if not is_let or (len(self._hearing) >= most and not is_named):
                return False, None
            if goes is None and not ask.slots:
                goes = child
        known = self._warm.pop(child) if warm else _Child(ask.slots, rank)
        known.rank = rank
        self._hearing[child] = known
        if known.slots:
            self._carry[child] = known
        if goes is not None:
            self._going[goes] = now + GO_S
        return True, goes

    def told(
        self, row: Row, branch: tuple[Row, ...], path: tuple[DhKey, ...], delay_ms: int
    ) -> None:
        """A child says where it stands, and which nodes of its branch have places.

        Args:
            row: Of the child.
            branch: Of nodes below it.
            path: The keys from the root's to ours: a child is believed only what lies below them.
            delay_ms: How old sound is here: nobody below has it sooner.
        """
        child = self._carry.get(row.node)
        if child is None or row.above != path:
            return
        below = (*path, row.node)
        child.row = row._replace(delay_ms=max(delay_ms, row.delay_ms))
        child.open = tuple(
            each._replace(delay_ms=max(child.row.delay_ms, each.delay_ms))
            for each in branch[: 2 * OPEN_MAX]
            if each.above[: len(below)] == below
        )

    def drop(self, child: DhKey) -> bool:
        """A child is gone; returns whether it was one."""
        self._carry.pop(child, None)
        self._going.pop(child, None)
        both = (self._hearing.pop(child, None), self._warm.pop(child, None))
        return both != (None, None)

    def late(self, now: float) -> list[DhKey]:
        """Drops children that were asked to go and did not, while there are too many."""
        late = [child for child, until_s in self._going.items() if now >= until_s]
        gone = []
        for child in late:
            del self._going[child]
            if len(self._hearing) > self.slots:
                self.drop(child)
                gone.append(child)
        return gone

    def next_late_s(self) -> float:
        """When somebody may be late."""
        return min(self._going.values(), default=float("inf"))

    def places(self, depth: int) -> tuple[bool, bool]:
        """Whether there is a place for a listener, and one for a node that carries."""
        if depth >= DEPTH_MAX or not self.slots:
            return False, False
        if not self.is_full:
            return True, True
        most = self.slots + 1 + self.slots // SPARE_SHARE
        return False, len(self._hearing) < most and self._leaf() is not None

    def rows(self, salt: bytes, *, carries: bool) -> tuple[Row, ...]:
        """Whom to ask for a place: nodes below that have one, the nearest to the root first.

        Args:
            salt: Random: which of those come first that are as near.
            carries: Whether the place is for a node that carries.
        """
        branches = [child for child in self._carry.values() if child.row is not None]
        known = [row for child in branches for row in (child.row, *child.open) if row is not None]
        found = [row for row in known if row.has_place(carries=carries)]
        if not found:
            found = [child.row for child in branches if child.row is not None]
        mix = int.from_bytes(salt, "big")
        found.sort(
            key=lambda row: (
                row.depth + self._shown.get(row.node, 0) // SHOWN_A_LEVEL,
                mix ^ int.from_bytes(row.node[: len(salt)], "big"),
            )
        )
        return tuple(found[:ROWS_MAX])

    def show(self, salt: bytes, *, carries: bool) -> tuple[Row, ...]:
        """The same, to somebody that looks for a place and will most likely take one of these.

        One that is shown again and again and still says that it has places comes later, as if it
        were deeper: nobody stays there, or it lies.
        """
        rows = self.rows(salt, carries=carries)
        for row in rows:
            self._shown[row.node] = self._shown.get(row.node, 0) + 1
        if sum(self._shown.values()) > SHOWN_MAX:
            self._shown = {node: n // 2 for node, n in self._shown.items() if n > 1}
        return rows

    def open(self, salt: bytes) -> tuple[Row, ...]:
        """Nodes below that have places, to name to our own parent."""
        both = [
            row
            for carries in (False, True)
            for row in self.rows(salt, carries=carries)[:OPEN_MAX]
            if row.has_place(carries=carries)
        ]
        return tuple(dict.fromkeys(both))

    def _leaf(self) -> DhKey | None:
        """A listener that can go, the newest first; None: there is none."""
        newest = reversed(self._hearing.items())
        return next((k for k, c in newest if not c.slots and k not in self._going), None)

    def _behind(self, rank: float) -> DhKey | None:
        """The last of those that the room names behind this one, or not at all; None: no one."""
        stays = {k: c.rank for k, c in self._hearing.items() if k not in self._going}
        last = max(stays, key=lambda key: stays[key], default=None)
        return last if last is not None and stays[last] > rank else None
