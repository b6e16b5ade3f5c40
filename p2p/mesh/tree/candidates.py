"""Which nodes may become our parents: where they stand, how far away, when to ask. Sans-IO."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from crypto.ids import DhKey
from p2p.mesh.tree.row import Row

KNOWN_MAX = 16
RETRY_S = 0.5
RETRY_MAX_S = 8.0
SHUNNED_S = 120.0
"""A parent that brought sound badly, or none, is not asked again for so long; the next time for
twice as long."""
IDLE_S = 1.0
ASKED_BY_RANK = 3
"""So many of those that the room names all ask in its order; of the rest each asks others first."""
NEAR_BYTES = 4
USUAL_HOP_MS = 45
"""What a hop is taken to cost before it was measured."""


@dataclass(slots=True)
class _Known:
    """One node: its row, or None if it is only named; how often asking it was in vain."""

    row: Row | None
    hop_ms: int = USUAL_HOP_MS
    in_vain: int = 0
    ready_s: float = 0.0
    shunned: int = 0
    rank: int = 0
    gone: bool = False
    heard: bool = False


class Candidates:
    """The nodes that we know of.

    Args:
        own: Our key.
        carries: Whether we pass sound on.
    """

    def __init__(self, own: DhKey, *, carries: bool) -> None:
        self._own = own
        self._carries = carries
        self._known: dict[DhKey, _Known] = {}
        self._named: dict[DhKey, int] = {}
        self._is_named = False
        self._near = int.from_bytes(own[:NEAR_BYTES], "big")

    def set_named(self, order: Iterable[DhKey]) -> None:
        """The nodes that the room names, the first to ask first, maybe ourselves among them."""
        self._named = {key: rank for rank, key in enumerate(order)}
        self._is_named = self._named.pop(self._own, None) is not None
        for key, rank in self._named.items():
            self._known.setdefault(key, _Known(None)).rank = rank

    def heard(self, row: Row) -> None:
        """A node said where it stands, or another did."""
        known = self._known.get(row.node)
        if (known is None or known.row != row) and not row.is_sane(self._own):
            return
        if known is not None:
            del self._known[row.node]  # it comes last again
        else:
            if len(self._known) >= KNOWN_MAX + len(self._named):
                self._forget_one()
            known = _Known(row)
        known.row = row
        self._known[row.node] = known

    def measured(self, node: DhKey, rtt_ms: float) -> None:
        """How long an answer took."""
        if node in self._known:
            self._known[node].hop_ms = int(rtt_ms / 2)

    def took(self, node: DhKey) -> None:
        """It became a parent of ours."""
        known = self._known[node]
        known.in_vain, known.ready_s, known.gone = 0, 0.0, False

    def failed(self, node: DhKey, now: float, *, gone: bool) -> None:
        """It had no place, or is ``gone``: asked again later, each time later still."""
        known = self._known.get(node)
        if known is not None:
            known.gone = gone
            wait_s = min(RETRY_MAX_S, RETRY_S * 2.0 ** min(10, known.in_vain))
            known.in_vain += 1
            known.ready_s = max(known.ready_s, now + wait_s)

    def shun(self, node: DhKey, now: float) -> None:
        """It took us and was a bad parent."""
        known = self._known.setdefault(node, _Known(None))
        known.ready_s = now + SHUNNED_S * 2.0 ** min(10, known.shunned)
        known.shunned += 1
        known.heard = False

    def brought_sound(self, node: DhKey) -> None:
        """It was heard beside another, and was as good."""
        if node in self._known:
            self._known[node].heard = True

    def is_believed(self, node: DhKey) -> bool:
        """Whether it was heard, or the room names it: not only its own word speaks for it."""
        return node in self._named or (node in self._known and self._known[node].heard)

    @property
    def has_rows(self) -> bool:
        """Whether we know of any node where it stands."""
        return any(known.row is not None for known in self._known.values())

    def is_gone(self, node: DhKey) -> bool:
        """Whether it did not answer when it was asked last, or was lost since."""
        return node in self._known and self._known[node].gone

    def delay_ms(self, row: Row) -> int:
        """How old sound would be that we have by way of it."""
        known = self._known.get(row.node)
        return row.delay_ms + (USUAL_HOP_MS if known is None else known.hop_ms)

    def next_ready_s(self, now: float) -> float:
        """When the next of those that wait may be asked again."""
        waiting = [k.ready_s for k in self._known.values() if k.ready_s > now]
        return min(waiting) if waiting else now + IDLE_S

    def best(
        self,
        now: float,
        but: Collection[DhKey],
        may: Callable[[DhKey, Row | None], bool],
        behind: DhKey | None = None,
    ) -> DhKey | None:
        """Whom to ask next.

        Args:
            now: Monotonic seconds.
            but: Not these.
            may: Whether a node may become our parent.
            behind: Those behind this one come last: they fall silent with it.
        """
        found: tuple[tuple[int, ...], DhKey] | None = None
        for key, known in self._known.items():
            if now < known.ready_s or key in but or not may(key, known.row):
                continue
            score = self._score(key, known, behind)
            if found is None or score < found[0]:
                found = score, key
        return None if found is None else found[1]

    def row(self, node: DhKey) -> Row | None:
        """What it said last."""
        known = self._known.get(node)
        return None if known is None else known.row

    def _score(self, key: DhKey, known: _Known, behind: DhKey | None) -> tuple[int, ...]:
        """The lower, the sooner it is asked: with a place, then unknown, then those without one."""
        row, rank = known.row, known.rank
        if row is None:
            if rank >= ASKED_BY_RANK and not self._is_named:  # else all would ask the same ones
                rank = ASKED_BY_RANK + (self._near ^ int.from_bytes(key[:NEAR_BYTES], "big"))
            return 0, 2 if known.in_vain else 1, known.in_vain, 0, rank
        is_behind, late_ms = int(behind in row.above), self.delay_ms(row)
        if row.has_place(carries=self._carries) and not known.in_vain:
            return is_behind, 0, row.depth, 0, late_ms
        return is_behind, 2, known.in_vain, row.depth, late_ms

    def _forget_one(self) -> None:
        """Forgets who was heard of longest ago, a shunned one only when all are."""
        others = [key for key in self._known if key not in self._named]
        kept = (key for key in others if not self._known[key].shunned)
        del self._known[next(kept, others[0])]
