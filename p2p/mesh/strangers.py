"""Gossip of senders that are not in the roster: held for a moment, then dropped. Sans-IO.

A newcomer's join comes from its door, and what the newcomer says may be faster. So its words wait a
little for the join; who has none, or is removed, says nothing that counts.
"""

from collections import Counter
from collections.abc import Callable

from crypto.ids import MemberId
from p2p.mesh.group_messages import Told

HOLD_S = 2.0
HELD_MAX = 64
HELD_OF_ONE_MAX = 8


class Strangers:
    """What waits for a join.

    Args:
        counters: Of the owner; ``stranger`` is what was dropped.
    """

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._held: list[tuple[float, Told]] = []

    def hold(self, told: Told, now: float) -> None:
        """Holds a message if there is room."""
        of_one = sum(held.frm == told.frm for _, held in self._held)
        if of_one < HELD_OF_ONE_MAX and len(self._held) < HELD_MAX:
            self._held.append((now, told))
        else:
            self.drop()

    def drop(self, count: int = 1) -> None:
        """So many messages count for nothing."""
        self._counters["stranger"] += count

    def known(self, is_member: Callable[[MemberId], bool], now: float) -> list[Told]:
        """Gives what turned out to be of members, in order, and drops what has waited too long.

        Args:
            is_member: Whether an id is in the roster now.
            now: Monotonic seconds.
        """
        held, self._held = self._held, []
        known: list[Told] = []
        for at_s, told in held:
            if is_member(told.frm):
                known.append(told)
            elif now - at_s < HOLD_S:
                self._held.append((at_s, told))
            else:
                self.drop()
        return known
