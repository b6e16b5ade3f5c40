"""A room of thousands on a virtual clock: the shipped ``Place`` of every node, lines between them.

Shipped: who asks whom, who is taken and turned away, who hears whom, what follows from a node that
is gone (``p2p/mesh/tree``). Made up here: lines (a message takes the pair's own time, a new link
three round trips before it), who comes and goes, and when a silent node is noticed, by the times
of the shipped programs. Sound is not sent; who would hear it is looked at now and then.
"""

import heapq
import itertools
import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from crypto.ids import DhKey
from p2p.mesh.tree.place import Place
from p2p.mesh.tree.row import DEPTH_MAX, Ask, Row, TreeMessage
from p2p.node.relays.comparison import LATEST_S, LISTEN_S
from p2p.node.relays.failover import SILENT_S
from p2p.relay.fanout import HEARTBEAT_EVERY_S
from p2p.relay.server import SILENT_BOUGH_S

HOP_MEDIAN_S = 0.04
HOP_SIGMA = 0.5
LINK_HOPS = 6
"""Handshake, checks of the way, DTLS: three round trips before the first message."""
FOUND_S = LISTEN_S + LATEST_S + LINK_HOPS * HOP_MEDIAN_S
"""So soon it shows which of two parents brings less than the other."""
LEAVE_S = 2.0
"""Who leaves in order stays so long after it has said so."""


class Liar(Place):
    """Says that it has room for all and is right beside its parent, and passes on nothing."""

    @property
    def row(self) -> Row:
        true = super().row
        return true._replace(delay_ms=1, leaf=True, carrier=True) if true.above else true


@dataclass(slots=True)
class Node:
    """One node of the world."""

    place: Place
    slots: int
    hostile: bool = False
    born_s: float = 0.0
    first_sound_s: float | None = None
    timer_s: float = math.inf
    above: tuple[DhKey | None, DhKey | None] = (None, None)


@dataclass
class Seen:
    """What one look at the tree shows."""

    hearing: int = 0
    silent: int = 0
    waiting: int = 0
    depths: Counter[int] = field(default_factory=Counter)
    delays_s: list[float] = field(default_factory=list)
    behind_hostile: int = 0


class TreeWorld:
    """All nodes of a room.

    Args:
        seed: Of everything that is by chance.
        named: How many children each of the nodes passes sound on to that the room names.
    """

    def __init__(self, seed: int, named: list[int]) -> None:
        self.now = 0.0
        self.rng = random.Random(seed)
        self.nodes: dict[DhKey, Node] = {}
        self.counters: Counter[str] = Counter()
        self.loops = 0
        self._below: dict[DhKey, set[DhKey]] = {}
        self._arrived_s: dict[tuple[DhKey, DhKey], float] = {}
        self._events: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self._numbers = itertools.count()
        mu = math.log(HOP_MEDIAN_S)
        self._hops = [self.rng.lognormvariate(mu, HOP_SIGMA) for _ in range(1 << 16)]
        keys = [self._key() for _ in named]
        self.order = keys
        for key, slots in zip(keys, named, strict=True):
            self._begin(key, slots, hostile=False)

    def add(self, slots: int, *, hostile: bool = False) -> DhKey:
        """Somebody comes."""
        key = self._key()
        self._begin(key, slots, hostile=hostile)
        return key

    def crash(self, key: DhKey) -> None:
        """A node is gone from one moment to the next."""
        node = self.nodes.pop(key, None)
        if node is None:
            return
        below = self._below.get(key, set())
        for other in self._peers(key, node):
            silent_s = SILENT_S if other in below else SILENT_BOUGH_S
            self.later(silent_s + self.rng.random() * HEARTBEAT_EVERY_S, self._lost, other, key)

    def leave(self, key: DhKey) -> None:
        """A node goes in order."""
        node = self.nodes.get(key)
        if node is not None:
            node.place.leave()
            self._flush(key, node)
            self.later(LEAVE_S, self._gone, key)

    def later(self, delay_s: float, what: Callable[..., None], *args: object) -> None:
        """Has something happen later."""
        heapq.heappush(self._events, (self.now + delay_s, next(self._numbers), what, args))

    def run(self, until_s: float) -> None:
        """Lets time pass."""
        events = self._events
        while events and events[0][0] <= until_s:
            self.now, _, what, args = heapq.heappop(events)
            what(*args)
        self.now = until_s

    def hop_s(self, one: DhKey, other: DhKey) -> float:
        """How long the way between two takes."""
        return self._hops[int.from_bytes(one[:2], "big") ^ int.from_bytes(other[:2], "big")]

    def look(self) -> Seen:
        """Goes down from the root: who hears, how deep and how late; who does not."""
        seen = Seen()
        reached: set[DhKey] = set()
        nodes = self.nodes
        tops = [key for key, node in nodes.items() if node.place.parents.is_root]
        todo = [(key, 0, 0.0, False) for key in tops]
        while todo:
            key, depth, delay_s, mute = todo.pop()
            node = nodes[key]
            if key in reached:
                self.loops += 1
                continue
            reached.add(key)
            if mute:
                seen.behind_hostile += 1
                seen.silent += node.first_sound_s is not None and not node.hostile
            else:
                seen.hearing += 1
                seen.depths[depth] += 1
                seen.delays_s.append(delay_s)
                if node.first_sound_s is None:
                    node.first_sound_s = self.now
            for child in node.place.children.hearing:
                other = nodes.get(child)
                first = None if other is None else other.place.parents.first
                if first is not None and first.node == key:
                    hop_s = self.hop_s(key, child)
                    todo.append((child, depth + 1, delay_s + hop_s, mute or node.hostile))
        for key, node in nodes.items():
            if key not in reached:
                if node.first_sound_s is None:
                    seen.waiting += 1
                else:
                    seen.silent += not node.hostile
        return seen

    def cycles(self) -> int:
        """How many nodes stand above themselves, by whom they hear."""
        found = 0
        for key in self.nodes:
            at, steps = key, 0
            while True:
                node = self.nodes.get(at)
                first = None if node is None else node.place.parents.first
                if first is None:
                    break
                at, steps = first.node, steps + 1
                if at == key or steps > 50:
                    found += 1
                    break
        return found

    def _key(self) -> DhKey:
        return DhKey(self.rng.randbytes(32))

    def _begin(self, key: DhKey, slots: int, *, hostile: bool) -> None:
        kind = Liar if hostile else Place
        place = kind(key, slots, self.rng.randbytes, self.now)
        place.set_order(self.order)
        node = self.nodes[key] = Node(place, slots, hostile, self.now)
        place.on_timer(self.now)
        self._flush(key, node)

    def _peers(self, key: DhKey, node: Node) -> set[DhKey]:
        above = {one for one in node.above if one is not None}
        return {*node.place.children.all, *self._below.get(key, ())} | above

    def _flush(self, key: DhKey, node: Node) -> None:
        """Sends what a node has to say; on one link nothing overtakes."""
        for other, message in node.place.to_send():
            self.counters[type(message).__name__] += 1
            hop_s = self.hop_s(key, other)
            if isinstance(message, Ask) and other not in self._peers(key, node):
                hop_s *= 1 + LINK_HOPS
            at_s = max(self.now + hop_s, self._arrived_s.get((key, other), 0.0))
            self._arrived_s[key, other] = at_s
            self.later(at_s - self.now, self._arrives, other, message, key)
        self._note_parents(key, node)
        at_s = node.place.next_timer(self.now)
        if at_s < node.timer_s:
            node.timer_s = at_s
            self.later(at_s - self.now, self._timer, key, at_s)

    def _note_parents(self, key: DhKey, node: Node) -> None:
        """Keeps whom to tell of an end, and who listens to somebody that brings nothing."""
        first, second = node.place.parents.first, node.place.parents.second
        above = (None if first is None else first.node, None if second is None else second.node)
        if above == node.above:
            return
        for gone in node.above:
            if gone is not None:
                self._below.get(gone, set()).discard(key)
        for new in above:
            if new is not None:
                self._below.setdefault(new, set()).add(key)
        before, node.above = node.above, above
        if above[0] is not None and above[0] != before[0]:
            self._listen(key, above[0])
        if above[1] is not None and above[1] not in before:
            self.later(FOUND_S, self._compare, key, above[1])

    def _listen(self, key: DhKey, parent: DhKey) -> None:
        """A parent that brings nothing is found out when the second is listened to beside it.

        That is tried as soon as there is a second, here; a member at relays tries it within 30 s.
        """
        above = self.nodes.get(parent)
        if above is not None and above.hostile:
            self.later(FOUND_S, self._found_out, key, parent)

    def _compare(self, key: DhKey, second: DhKey) -> None:
        """A second parent was heard for a while beside the first."""
        node = self.nodes.get(key)
        above = None if node is None else node.place.parents.second
        if node is None or node.hostile or above is None or above.node != second:
            return
        node.place.compared(self.now, good=self._brings_sound(second))
        self._flush(key, node)

    def _brings_sound(self, key: DhKey) -> bool:
        at: DhKey | None = key
        for _ in range(2 * DEPTH_MAX):
            node = None if at is None else self.nodes.get(at)
            if node is None or node.hostile:
                return False
            if node.place.parents.is_root:
                return True
            at = node.above[0]
        return False

    def _found_out(self, key: DhKey, parent: DhKey) -> None:
        node = self.nodes.get(key)
        if node is None or node.hostile:
            return
        first = node.place.parents.first
        if first is not None and first.node == parent:
            node.place.bad(self.now)
            self._flush(key, node)

    def _arrives(self, key: DhKey, message: TreeMessage, source: DhKey) -> None:
        node = self.nodes.get(key)
        if node is not None:
            node.place.receive(message, source, self.now)
            self._flush(key, node)

    def _timer(self, key: DhKey, at_s: float) -> None:
        node = self.nodes.get(key)
        if node is None or node.timer_s != at_s:
            return
        node.timer_s = math.inf
        node.place.on_timer(self.now)
        self._flush(key, node)

    def _lost(self, key: DhKey, other: DhKey) -> None:
        node = self.nodes.get(key)
        if node is not None:
            node.place.lost(other, self.now)
            self._flush(key, node)

    def _gone(self, key: DhKey) -> None:
        node = self.nodes.pop(key, None)
        for other in self._peers(key, node) if node is not None else ():
            self.later(self.hop_s(key, other), self._lost, other, key)
