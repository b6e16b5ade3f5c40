"""A virtual clock and a network that delays, doubles, reorders and parts.

A line between two clients is what a data channel is: nothing on it gets lost while both ends are
awake and in one part of the network; what is on its way when that ends is gone, and both ends
notice (``on_up``, ``on_down``) and compare what they hold when it begins again.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from functools import partial
from typing import Protocol

LATE_MAX_S = 0.4


class End(Protocol):
    """Who can be at the end of a line."""

    number: int
    part: int
    awake: bool


class Clock:
    """Runs what is due, in order, at no cost for waiting."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, time_s: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._due, (max(time_s, self.now), next(self._numbers), what))

    def later(self, wait_s: float, what: Callable[[], None]) -> None:
        self.at(self.now + wait_s, what)

    def run_until(self, time_s: float) -> None:
        due, pop = self._due, heapq.heappop
        while due and due[0][0] <= time_s:
            self.now, _, what = pop(due)
            what()
        self.now = time_s


class Network:
    """Who can reach whom, and how long it takes."""

    def __init__(
        self,
        clock: Clock,
        seed: int,
        *,
        delay_s: tuple[float, float] = (0.02, 0.12),
        doubled: float = 0.05,
        late: float = 0.1,
    ) -> None:
        self.clock = clock
        self.random = random.Random(seed)
        self.delay_s = delay_s
        self.doubled = doubled
        self.late = late
        self.carried = 0
        self._epoch: dict[tuple[int, int], int] = {}

    def reaches(self, one: End, other: End) -> bool:
        """Whether a line between them would work now."""
        return one is not other and one.awake and other.awake and one.part == other.part

    def cut(self, one: End, other: End) -> None:
        """What is on its way between them is lost."""
        pair = (min(one.number, other.number), max(one.number, other.number))
        self._epoch[pair] = self._epoch.get(pair, 0) + 1

    def carry(self, one: End, other: End, arrive: Callable[[], None]) -> None:
        """Bring something from one to the other."""
        if not self.reaches(one, other):
            return
        a, b = one.number, other.number
        pair = (a, b) if a < b else (b, a)
        what = partial(self._arrived, one, other, pair, self._epoch.get(pair, 0), arrive)
        dice = self.random.random
        soonest_s, latest_s = self.delay_s
        for _ in range(2 if dice() < self.doubled else 1):
            wait_s = soonest_s + (latest_s - soonest_s) * dice()
            if dice() < self.late:
                wait_s += LATE_MAX_S * dice()
            self.clock.at(self.clock.now + wait_s, what)

    def _arrived(
        self, one: End, other: End, pair: tuple[int, int], sent_in: int, arrive: Callable[[], None]
    ) -> None:
        if self.reaches(one, other) and self._epoch.get(pair, 0) == sent_in:
            self.carried += 1
            arrive()
