"""One node's place in the tree: its parents above, its children below. Sans-IO.

A shell passes on what comes and goes: ``receive``, ``lost``, ``on_timer``, ``to_send``.
"""

from collections.abc import Sequence

from crypto.ids import DhKey
from p2p.mesh.tree.children import Children
from p2p.mesh.tree.parents import BETTER_MS, LINK_S, Parents
from p2p.mesh.tree.row import (
    Ask,
    Left,
    Row,
    Taken,
    Told,
    TreeMessage,
    Turned,
)
from p2p.rng import Rng
from p2p.wire.relay_messages import DELAY_MAX_MS, DEPTH_MAX

TELL_EVERY_S = 0.4
SHED_S = 0.5
"""A node that finds no parent for so long, or knows nobody to ask, lets its children go: then it
may hang anywhere, and they have second parents."""


class Place:
    """One node.

    Args:
        own: Its key.
        slots: To how many children it passes sound on; 0: it is a listener.
        rng: Source of random bytes.
        now: Monotonic seconds.
        link_s: How long a node may take to answer with which a link has to be made first.

    Attributes:
        own: The same key.
        parents: Above it.
        children: Below it.
    """

    def __init__(
        self, own: DhKey, slots: int, rng: Rng, now: float, link_s: float = LINK_S
    ) -> None:
        self.own = own
        self.parents = Parents(own, slots, rng, now, link_s)
        self.children = Children(slots)
        self._rng = rng
        self._out: list[tuple[DhKey, TreeMessage]] = []
        self._told = Row(own), Told(Row(own))
        self._tell_s = float("inf")
        self._orphan_s = float("inf")

    @property
    def is_placed(self) -> bool:
        """Whether sound comes here, or begins here."""
        return self.parents.first is not None or self.parents.is_root

    @property
    def row(self) -> Row:
        """Where it stands, as it says to others."""
        first = self.parents.first
        if first is None:
            above: tuple[DhKey, ...] = ()
            delay_ms = 0
        else:
            above = (*first.above, first.node)
            delay_ms = min(DELAY_MAX_MS, self.parents.candidates.delay_ms(first))
        if not self.is_placed:
            return Row(self.own)
        return Row(self.own, above, delay_ms, *self.children.places(len(above)))

    def set_order(self, order: Sequence[DhKey]) -> None:
        """The nodes that the room names, the root first."""
        self.parents.set_order(order)

    def receive(self, message: TreeMessage, node: DhKey, now: float) -> None:
        """Takes a message of another node, whose key its link has proven."""
        match message:
            case Ask():
                self._asked(message, node, now)
            case Taken():
                self._say(self.parents.taken(node, message, now))
                self._changed(now)
            case Turned():
                self._say(self.parents.turned(node, message, now))
            case Told(row=row, open=branch):
                if row.node == node:
                    at = self.row
                    self.children.told(row, branch, (*at.above, self.own), at.delay_ms)
                    self.parents.told(row)
                    self._changed(now)
            case _:
                if self.children.drop(node):
                    self._changed(now)
                else:
                    self.parents.lost(node, now)
        self._step(now)

    def lost(self, node: DhKey, now: float) -> None:
        """The link to a node is gone, or it was silent for too long."""
        self.children.drop(node)
        self.parents.lost(node, now)
        self._changed(now)
        self._step(now)

    def bad(self, now: float) -> None:
        """The first parent brings less sound than the second, or worse."""
        self._say(self.parents.bad(now))
        self._step(now)

    def compared(self, now: float, *, good: bool) -> None:
        """The second parent brought as much sound as the first for a while, or did not."""
        self._say(self.parents.compared(now, good=good))
        self._step(now)

    def leave(self) -> None:
        """The node is about to go: its children shall find other parents, and soon."""
        rows = self.children.rows(self._rng(4), carries=True)
        self._say([(child, Turned(None, rows)) for child in self.children.all])

    def on_timer(self, now: float) -> None:
        """Does what is due."""
        for child in self.children.late(now):
            self._say([(child, Left())])
            self._changed(now)
        if now >= self._tell_s:
            self._tell()
        self._step(now)

    def next_timer(self, now: float) -> float:
        """When something is due."""
        return min(
            self._tell_s,
            self._orphan_s,
            self.children.next_late_s(),
            self.parents.next_timer(now),
        )

    def to_send(self) -> list[tuple[DhKey, TreeMessage]]:
        """Messages, each with the node that gets it."""
        out, self._out = self._out, []
        return out

    def _say(self, messages: Sequence[tuple[DhKey, TreeMessage]]) -> None:
        self._out += messages

    def _asked(self, ask: Ask, node: DhKey, now: float) -> None:
        row = self.row
        taken, goes = False, None
        can = self.is_placed and row.depth < DEPTH_MAX and node not in (*row.above, self.own)
        if ask.want != "look" and can:
            taken, goes = self.children.take(node, ask, now, self.parents.rank_of(node))
        carries = ask.slots > 0
        if not taken:
            shown = self.children.show if ask.want == "sound" else self.children.rows
            rows = shown(self._rng(4), carries=carries)
            self._say([(node, Turned(row if self.is_placed else None, rows))])
            return
        self._say([(node, Taken(ask.want, row))])
        if goes is not None:
            rows = self.children.show(self._rng(4), carries=False)
            self._say([(goes, Turned(row, rows))])
        self._changed(now)

    def _step(self, now: float) -> None:
        """Lets the parents see what has changed, and asks whom they want to ask."""
        parents = self.parents
        self._say(parents.on_timer(now, has_children=self.children.is_heard))
        if parents.first is not None or parents.is_root or not self.children.all:
            self._orphan_s = float("inf")
            return
        self._orphan_s = min(self._orphan_s, now + SHED_S)
        if now >= self._orphan_s or parents.is_stuck:
            self._say([(child, Left()) for child in self.children.all])
            self.children = Children(self.children.slots)
            self._orphan_s = float("inf")
            self._say(parents.on_timer(now, has_children=False))

    def _changed(self, now: float) -> None:
        if self._tell_s == float("inf"):
            self._tell_s = now + TELL_EVERY_S

    def _tell(self) -> None:
        """Tells children where we hang now, and the parent where there are places."""
        self._tell_s = float("inf")
        row, first = self.row, self.parents.first
        if not self.is_placed:
            return
        up = Told(row, self.children.open(self._rng(4)))
        told, self._told = self._told, (row, up)
        if first is not None and up != told[1]:
            self._say([(first.node, up)])
        if (row.above, row.delay_ms // BETTER_MS) != (told[0].above, told[0].delay_ms // BETTER_MS):
            self._say([(child, Told(row)) for child in self.children.all])
