"""How a walk waits and whom it distrusts, the same in both networks. Sans-IO.

No question waits for the slowest: after half as long again as the slowest answer so far one more is
asked beside it. Who has named several that are dead is believed no more. While few have
answered, the silent are asked again, as in a small network a lost datagram must not be the end.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

LEAST_STALL_S = 0.3
DEAD_SUGGESTIONS = 3
FEW_ANSWERS = 3
TIMES_MAX = 2
"""So often a node may have been asked, and is asked once more."""

N = TypeVar("N")


@dataclass(slots=True, kw_only=True)
class Asked(Generic[N]):
    """One node of a walk.

    Attributes:
        distance: From the target.
        suggested_by: Names of nodes that have named it; none: it was known before.
        asked_s: When it was asked last, monotonic seconds.
        asked_times: How often.
        under_way: Questions that neither answer nor silence has ended.
        answered: It has answered.
        silent: It has not, and nothing is under way.
    """

    distance: int
    suggested_by: set[N] = field(default_factory=set)
    asked_s: float | None = None
    asked_times: int = 0
    under_way: int = 0
    answered: bool = False
    silent: bool = False

    def ask(self, now: float) -> None:
        """It is asked now."""
        self.asked_s = now
        self.asked_times += 1
        self.under_way += 1
        self.silent = False


A = TypeVar("A", bound=Asked[Any])


class Patience(Generic[N, A]):
    """What a walk knows of answers and silence.

    Args:
        nodes: All of the walk, by their names; looked at anew each time.
        most_stall_s: So long an answer is waited for at most before others are asked.
    """

    def __init__(self, nodes: Mapping[N, A], most_stall_s: float) -> None:
        self._nodes = nodes
        self._most_stall_s = most_stall_s
        self._slowest_answer_s = 0.0
        self._dead_suggestions: Counter[N] = Counter()

    def take_answer(self, name: N, now: float) -> A | None:
        """A node has answered; gives it, None for who was not asked or has answered before."""
        node = self._nodes.get(name)
        if node is None or node.asked_s is None or node.answered:
            return None
        node.answered, node.silent = True, False
        self._slowest_answer_s = max(self._slowest_answer_s, now - node.asked_s)
        return node

    def take_silence(self, name: N, *, blame: bool) -> A | None:
        """A question has ended without an answer.

        Args:
            name: Who was asked.
            blame: Whoever named it is trusted less.

        Returns:
            The node, if that was its last question under way.
        """
        node = self._nodes.get(name)
        if node is None or node.answered or not node.under_way:
            return None
        node.under_way -= 1
        if node.under_way:
            return None
        node.silent = True
        for suggester in node.suggested_by if blame else ():
            self._dead_suggestions[suggester] += 1
        return node

    def is_fresh(self, node: A, now: float) -> bool:
        """Whether it was asked so lately that an answer may still be expected."""
        return (
            node.asked_s is not None
            and not node.answered
            and not node.silent
            and now - node.asked_s < self._stall_s
        )

    def in_flight(self, now: float) -> int:
        """How many such there are."""
        return sum(1 for each in self._nodes.values() if self.is_fresh(each, now))

    def is_distrusted(self, node: A) -> bool:
        """Whether only those have named it that have named several dead ones."""
        if not node.suggested_by or node.answered:
            return False
        return all(self._dead_suggestions[each] >= DEAD_SUGGESTIONS for each in node.suggested_by)

    @property
    def is_enough(self) -> bool:
        """Whether so many have answered that silence is no reason to ask again."""
        return sum(1 for each in self._nodes.values() if each.answered) >= FEW_ANSWERS

    def second_chances(self, now: float) -> list[A]:
        """The silent that are asked again, those asked least first; none once it is enough."""
        if self.is_enough:
            return []
        again = [
            each
            for each in self._nodes.values()
            if 0 < each.asked_times <= TIMES_MAX
            and not each.answered
            and not self.is_fresh(each, now)
        ]
        return sorted(again, key=lambda each: (each.asked_times, each.distance))

    def is_over(self) -> bool:
        """Whether nothing more is to be waited for, where nobody else is to be asked."""
        waiting = any(each.under_way and not each.answered for each in self._nodes.values())
        return self.is_enough or not waiting

    def next_timer(self, now: float, ends_s: float) -> float:
        """When to look again though nothing was heard, monotonic seconds; at ``ends_s`` at last."""
        times = [
            each.asked_s + self._stall_s
            for each in self._nodes.values()
            if each.asked_s is not None and self.is_fresh(each, now)
        ]
        return min([ends_s, *times])

    @property
    def _stall_s(self) -> float:
        return min(self._most_stall_s, max(LEAST_STALL_S, 0.05 + 1.5 * self._slowest_answer_s))
