"""The two parents of one node: the first, which it hears, and the second, warm. Sans-IO.

No loop, whoever says what: a node named by the room hangs only under those named before it. Any
other node that has children hangs only under one that is less deep than itself, so its depth never
grows while somebody hangs on it; and nobody takes a child that stands above it.
"""

import math
from collections.abc import Sequence

from crypto.ids import DhKey
from p2p.mesh.tree.candidates import Candidates
from p2p.mesh.tree.row import Ask, Left, Row, Taken, TreeMessage, Turned, Want
from p2p.rng import Rng
from p2p.wire.relay_messages import DEPTH_MAX

ANSWER_S = 0.6
"""A node that was asked and has not answered by then is taken to be gone."""
LINK_S = 1.2
"""Likewise for one with which a link has to be made first."""
LOOK_S = 40.0
"""So often, or half or one and a half times as often, a node looks for a better place."""
BETTER_MS = 30
ASKED_AT_ONCE = 3
LATE_MAX = 4
LATE_PART = 4
"""Beside so many that have not answered within a quarter of their time, others are asked."""


class Parents:
    """Whom a node hangs under.

    Args:
        own: Its key.
        slots: To how many children it passes sound on.
        rng: Source of random bytes.
        now: Monotonic seconds.
        link_s: How long a node may take to answer with which a link has to be made first.

    Attributes:
        first: Where the node stands from which sound comes; None: none comes.
        second: The warm one.
        candidates: Who may become one of them.
        depth: How deep the node is, or was when it had a parent; 0 for a root, ``DEPTH_MAX`` + 1
            before it had one.
    """

    def __init__(
        self, own: DhKey, slots: int, rng: Rng, now: float, link_s: float = LINK_S
    ) -> None:
        self.first: Row | None = None
        self.second: Row | None = None
        self.candidates = Candidates(own, carries=slots > 0)
        self.depth = DEPTH_MAX + 1
        self._has_children = False
        self._me = own, slots, link_s
        self._order: dict[DhKey, int] = {}
        self._asked: dict[DhKey, tuple[Want, float, float]] = {}
        self._turned = False
        self._rng = rng
        self._nobody_until_s = 0.0
        self._look_s = now + self._pause_s()

    @property
    def is_root(self) -> bool:
        """Whether sound begins here: the room names us, and of those before us none answers."""
        own = self._me[0]
        if self.first is not None or own not in self._order:
            return False
        before = (key for key, rank in self._order.items() if rank < self._order[own])
        return all(self.candidates.is_gone(key) for key in before)

    @property
    def needs_first(self) -> bool:
        """Whether we have no parent, or one that is about to go."""
        return (self.first is None and not self.is_root) or self._turned

    def set_order(self, order: Sequence[DhKey]) -> None:
        """The nodes that the room names, the root first."""
        self._order = {key: rank for rank, key in enumerate(order)}
        self.candidates.set_named(order)
        if self.first is not None and not self.may(self.first.node, self.first):
            self._turned = True

    @property
    def is_stuck(self) -> bool:
        """Whether no sound comes, and there is nobody that we could ask for it as we stand."""
        if self.first is not None or self.is_root:
            return False
        return self._asking("sound") == 0

    def rank_of(self, node: DhKey) -> float:
        """The place of a node among those that the room names, from 0; of others infinity."""
        return self._order.get(node, math.inf)

    def may(self, node: DhKey, row: Row | None) -> bool:
        """Whether a node may become our parent as it stands there."""
        own = self._me[0]
        if own in self._order:
            earlier = self._order.get(node, len(self._order)) < self._order[own]
            return earlier and (row is None or row.depth < DEPTH_MAX)
        if row is None:
            return True
        deepest = self.depth if self._has_children else DEPTH_MAX
        return row.depth < deepest

    def on_timer(self, now: float, *, has_children: bool) -> list[tuple[DhKey, TreeMessage]]:
        """What is to be asked now, each with whom.

        Args:
            now: Monotonic seconds.
            has_children: Whether somebody hangs under this node.
        """
        if has_children is not self._has_children:
            self._has_children, self._nobody_until_s = has_children, 0.0
        for node, (_, at_s, limit_s) in list(self._asked.items()):
            if now >= at_s + limit_s:
                self.lost(node, now)
        out: list[tuple[DhKey, TreeMessage]] = []
        if self.is_root:
            self.depth = 0
            self._ask_best("sound", now, out)
        elif self.needs_first:
            self._seek(now, out)
        elif self.first is None or self.second is None:
            if self._asking("warm") == 0:
                self._ask_best("warm", now, out)
        elif now >= self._look_s:
            self._look_s = now + self._pause_s()
            self._improve(self.first, self.second, now, out)
        return out

    def next_timer(self, now: float) -> float:
        """When ``on_timer`` may have something new."""
        times = []
        if self._asked:
            times += [at_s + limit_s for _, at_s, limit_s in self._asked.values()]
            late = [at_s + self._me[2] / LATE_PART for _, at_s, _ in self._asked.values()]
            times += [at_s for at_s in late if at_s > now]
        if self.first is None or self.second is None or self._turned:
            times.append(self.candidates.next_ready_s(now))
        else:
            times.append(self._look_s)
        return max(now + 0.01, min(times))

    def taken(self, node: DhKey, answer: Taken, now: float) -> list[tuple[DhKey, TreeMessage]]:
        """A node took us; gives what is to be said to it and others."""
        asked = self._asked.pop(node, None)
        self._nobody_until_s = 0.0
        row = answer.row
        if asked is None or asked[0] != answer.want or row.node != node:
            ours = {each.node for each in (self.first, self.second) if each is not None}
            return [] if node in ours else self._leave(node)
        self.candidates.heard(row)
        self.candidates.measured(node, 1000.0 * (now - asked[1]) if asked[2] == ANSWER_S else 90.0)
        if not self.may(node, row) or not row.is_sane(self._me[0]):
            self.candidates.failed(node, now, gone=False)
            return self._leave(node)
        self.candidates.took(node)
        if answer.want == "warm":
            return self._warm(row)
        old = self.first
        if (
            old is not None
            and old.node != node
            and not self._turned
            and not self._is_better(row, old)
        ):
            return self._warm_instead(row, now)
        self.first, self._turned = row, False
        self.depth = row.depth + 1
        if self.second is not None and self.second.node == node:
            self.second = None
        if old is None or old.node == node:
            return []
        return self._leave(old.node)

    def turned(self, node: DhKey, answer: Turned, now: float) -> list[tuple[DhKey, TreeMessage]]:
        """A node has no place for us, or wants us to find another one."""
        for row in (*answer.rows, *(() if answer.row is None else (answer.row,))):
            self.candidates.heard(row)
        asked = self._asked.pop(node, None)
        self._nobody_until_s = 0.0
        if self.first is not None and self.first.node == node and asked is None:
            self._turned = True
            return []
        if asked is None:
            if self.second is not None and self.second.node == node:
                self.second = None
            return []
        if asked[0] != "look":
            self.candidates.failed(node, now, gone=False)
            if self.second is not None and self.second.node == node:
                self.second = None
                return self._leave(node)
            return []
        return self._better_second(now)

    def told(self, row: Row) -> None:
        """A node says where it stands."""
        self.candidates.heard(row)
        if self.second is not None and self.second.node == row.node:
            self.second = row if row.is_sane(self._me[0]) else None
        if self.first is None or self.first.node != row.node:
            return
        self.first = row
        if row.is_sane(self._me[0]) and row.depth < (
            self.depth if self._has_children else DEPTH_MAX
        ):
            self.depth = row.depth + 1
        else:
            self._turned = True  # it has become deeper than it may be above us, or says so

    def lost(self, node: DhKey, now: float) -> None:
        """A node is gone, or was silent for too long."""
        self._asked.pop(node, None)
        self._nobody_until_s = 0.0
        self.candidates.failed(node, now, gone=True)
        if self.first is not None and self.first.node == node:
            self.first, self._turned = None, False
        if self.second is not None and self.second.node == node:
            self.second = None

    def bad(self, now: float) -> list[tuple[DhKey, TreeMessage]]:
        """The first brings less than the second: it is left, and not asked again for long."""
        if self.first is None:
            return []
        node = self.first.node
        self.lost(node, now)
        self.candidates.shun(node, now)
        second = self.second  # that it brings sound was heard; of others it is only said
        if second is not None and self.may(second.node, second):
            self._nobody_until_s = now + ANSWER_S
        return self._leave(node)

    def compared(self, now: float, *, good: bool) -> list[tuple[DhKey, TreeMessage]]:
        """The second was heard beside the first: it is as ``good``, or is left and shunned."""
        if self.second is None:
            return []
        node = self.second.node
        if good:
            self.candidates.brought_sound(node)
            return []
        self.lost(node, now)
        self.candidates.shun(node, now)
        return self._leave(node)

    def _leave(self, node: DhKey) -> list[tuple[DhKey, TreeMessage]]:
        """Says that we are not its child; what it still answers to an earlier question is void."""
        self._asked.pop(node, None)
        return [(node, Left())]

    def _asking(self, want: Want) -> int:
        return sum(asked == want for asked, *_ in self._asked.values())

    @property
    def _at_once(self) -> int:
        """How many are asked at once; a newcomer asks the root alone, to be shown places."""
        was_placed = self.depth <= DEPTH_MAX
        if self._me[0] in self._order or (was_placed and self.first is None):
            return ASKED_AT_ONCE
        return 2 if self.candidates.has_rows else 1

    def _open(self, now: float) -> int:
        """How many that were asked may still answer soon, or how many too many were asked."""
        late_s = self._me[2] / LATE_PART
        asked = [at_s for want, at_s, _ in self._asked.values() if want == "sound"]
        late = sum(now - at_s >= late_s for at_s in asked)
        return len(asked) - min(late, LATE_MAX)

    def _seek(self, now: float, out: list[tuple[DhKey, TreeMessage]]) -> None:
        """Asks the second for sound, and others at the same time; whoever is first gets us."""
        second = self.second
        if second is not None and self.may(second.node, second):
            self._ask(second.node, "sound", now, out)
        while self._open(now) < self._at_once and self._ask_best("sound", now, out):
            pass

    def _pause_s(self) -> float:
        return LOOK_S * (0.5 + self._rng(1)[0] / 256.0)

    def _ask(
        self, node: DhKey, want: Want, now: float, out: list[tuple[DhKey, TreeMessage]]
    ) -> bool:
        if node in self._asked:
            return False
        linked = {row.node for row in (self.first, self.second) if row is not None}
        self._asked[node] = want, now, ANSWER_S if node in linked else self._me[2]
        out.append((node, Ask(want, self._me[1])))
        return True

    def _ask_best(self, want: Want, now: float, out: list[tuple[DhKey, TreeMessage]]) -> bool:
        if now < self._nobody_until_s:
            return False
        ours = {row.node for row in (self.first, self.second) if row is not None}
        behind = self.first.node if self.first is not None else None
        node = self.candidates.best(now, ours | self._asked.keys(), self.may, behind)
        if node is None:
            self._nobody_until_s = self.candidates.next_ready_s(now)
            return False
        return self._ask(node, want, now, out)

    def _warm(self, row: Row) -> list[tuple[DhKey, TreeMessage]]:
        old, self.second = self.second, row
        if self.first is not None and self.first.node == row.node:
            self.second = old
            return []
        return [] if old is None or old.node == row.node else self._leave(old.node)

    def _warm_instead(self, row: Row, now: float) -> list[tuple[DhKey, TreeMessage]]:
        """One that took us too late to be the first is the second, if there is none."""
        if self.second is not None or self._asking("warm"):
            return self._leave(row.node)
        out: list[tuple[DhKey, TreeMessage]] = []
        self._ask(row.node, "warm", now, out)
        return out

    def _is_better(self, row: Row, first: Row) -> bool:
        """Whether a node would be a better first: less deep, or as deep and nearer."""
        now_ms, then_ms = self.candidates.delay_ms(first), self.candidates.delay_ms(row)
        return (row.depth, then_ms + BETTER_MS) < (first.depth, now_ms)

    def _improve(
        self, first: Row, second: Row, now: float, out: list[tuple[DhKey, TreeMessage]]
    ) -> None:
        """Takes the second for the first if it is better and was heard, or looks for another."""
        has_place = second.has_place(carries=self._me[1] > 0)
        may = has_place and self.may(second.node, second)
        if may and self._is_better(second, first) and self.candidates.is_believed(second.node):
            self._ask(second.node, "sound", now, out)
            return
        ours = (self._me[0], first.node, second.node)
        above = [key for key in first.above or self._order if key not in ours]
        if self.depth > 1 and above:
            self._ask(above[self._rng(1)[0] % len(above)], "look", now, out)

    def _better_second(self, now: float) -> list[tuple[DhKey, TreeMessage]]:
        """After a look: one that has a place and would be a better first is made warm."""
        if self.first is None or self.second is None:
            return []
        ours = {self.first.node, self.second.node}
        node = self.candidates.best(now, ours | self._asked.keys(), self.may, self.first.node)
        row = None if node is None else self.candidates.row(node)
        out: list[tuple[DhKey, TreeMessage]] = []
        if (
            row is not None
            and row.has_place(carries=self._me[1] > 0)
            and self._is_better(row, self.first)
        ):
            self._ask(row.node, "warm", now, out)
        return out
