"""Which sets of epochs frames may be sealed under now, by their ids alone.

A *frontier* is a set of epochs of which none has replaced another. A member seals under the one it
knows of; until the same operations have reached everybody, others may know of more or of fewer.
So frames are opened that were sealed under: the present frontier; one of the last four that were
present within the last 20 s; a part of the present one; what is here of the room's; or a single
epoch whose secret is here.
"""

from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

from crypto.head import frontier_tag
from crypto.ids import EpochId

OLD_FRONTIERS = 4
OLD_KEPT_S = 20.0
PARTS_OF = 4
"""Of a wider frontier only single epochs and the whole are tried: tags have but 18 bits."""


class Frontier(NamedTuple):
    """A set of epochs.

    Attributes:
        ids: Epoch ids, ascending.
        tag: 18 bits that name the set in every frame, not secret.
    """

    ids: tuple[EpochId, ...]
    tag: int

    @classmethod
    def of(cls, ids: Iterable[EpochId]) -> "Frontier":
        """Put a set of epoch ids into its one order."""
        ordered = tuple(sorted(set(ids)))
        return cls(ordered, frontier_tag(ordered))


class Frontiers:
    """The present frontier and those that frames of others may still be sealed under.

    Attributes:
        present: What we seal under ourselves.
    """

    def __init__(self, present: Frontier) -> None:
        self.present = present
        self._old: list[tuple[Frontier, float]] = []
        self._private = [present]
        self._by_tag: dict[int, Frontier] = {}

    def switch(self, frontier: Frontier, room_time_s: float, *, shut: bool = False) -> None:
        """Make another frontier the present one; the one so far becomes an old one.

        Args:
            frontier: To seal under from now on.
            room_time_s: Now.
            shut: Somebody was shut out who holds those so far.
        """
        if frontier == self.present:
            return
        kept = [(old, at_s) for old, at_s in self._old if old not in (frontier, self.present)]
        self._old = [*kept, (self.present, room_time_s)][-OLD_FRONTIERS:]
        self.present = frontier
        self._private = ([] if shut else self._private[-OLD_FRONTIERS:]) + [frontier]

    def is_private(self, frontier: Frontier) -> bool:
        """Whether it is or was the present one, and nobody was shut out since who holds it."""
        return frontier in self._private

    def lapse(self, room_time_s: float) -> None:
        """Forget what has been old for 20 s."""
        self._old = [(old, at) for old, at in self._old if room_time_s - at < OLD_KEPT_S]

    def index(self, held: Iterable[EpochId], wanted: Iterable[EpochId] = ()) -> None:
        """Work out anew which tag stands for what.

        Args:
            held: Epochs whose secrets are here; nothing else can be opened.
            wanted: The room's heads, of which some may not be here.
        """
        secrets = set(held)
        known = [self.present, *(old for old, _ in reversed(self._old))]
        if len(self.present.ids) <= PARTS_OF:
            sizes = range(len(self.present.ids) - 1, 1, -1)
            parts = (part for size in sizes for part in combinations(self.present.ids, size))
            known += [Frontier.of(part) for part in parts]
        if here := secrets.intersection(wanted):  # of no secrets at all anybody knows the key
            known.append(Frontier.of(here))
        known += [Frontier.of([epoch]) for epoch in sorted(secrets)]
        self._by_tag = {}
        for frontier in known:  # one tag, one frontier: frames are never tried with a second key
            if secrets.issuperset(frontier.ids):
                self._by_tag.setdefault(frontier.tag, frontier)

    def find(self, tag: int) -> Frontier | None:
        """Give the one frontier that a frame's tag stands for, None if there is none."""
        return self._by_tag.get(tag)
