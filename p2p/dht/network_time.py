"""What time it is by the nodes that answer us, for a machine whose clock is wrong.

Records lie under the hour, so with another hour nobody is found. Every answer to a look-up tells
the time of who gives it. Our own clock is believed as long as most of them do not contradict it.
"""

from collections.abc import Callable

from p2p.dht.addresses import neighbourhood
from p2p.wire.addresses import Address

MINUTE_S = 60
"""So coarse is what a node tells: its clock's drift does not show whose it is."""
WRONG_FROM_S = 1800
"""Look-ups of the hours beside ours do with less (protocol.md §9)."""
WORDS_MAX = 16
"""The first ones count: who comes later may have placed itself beside the room's records."""
_SAME_RUN_S = 60.0


class NetworkTime:
    """See the module.

    Args:
        now: Monotonic seconds.
        own: This machine's clock, Unix seconds; it may be wrong.
    """

    def __init__(self, now: Callable[[], float], own: Callable[[], int]) -> None:
        self._now = now
        self.own = own
        self._ahead_s: dict[bytes | Address, int] = {}
        self._run_s = own() - now()
        self._told = False

    def heard(self, source: Address, minutes: int) -> None:
        """A node has told its time; one word for each /24 or /48 counts, on private nets for each.

        Args:
            source: Where its answer came from.
            minutes: Unix minutes.
        """
        self._follow_clock()
        key = neighbourhood(source[0]) or source
        if key in self._ahead_s or len(self._ahead_s) < WORDS_MAX:
            self._ahead_s[key] = minutes * MINUTE_S + MINUTE_S // 2 - self.own()

    def unix_s(self) -> int:
        """Give the time, in whole seconds: our clock's, or the network's if that is far from it."""
        return self.own() + self._wrong_by_s()

    def turns_wrong(self) -> bool:
        """Whether our clock has proved wrong; it is said once."""
        news = not self._told and self._wrong_by_s() != 0
        self._told |= news
        return news

    def _wrong_by_s(self) -> int:
        """The word that more than half of the nodes put us at least as far off as; 0: about right.

        Of an even number the nearer of the two in the middle: so half of them can not move us.
        """
        self._follow_clock()
        if not self._ahead_s:
            return 0
        ahead = sorted(self._ahead_s.values(), key=abs)
        middle = ahead[(len(ahead) - 1) // 2]
        return middle if abs(middle) > WRONG_FROM_S else 0

    def _follow_clock(self) -> None:
        """Once our clock was set, or we slept, words about it are void."""
        run_s = self.own() - self._now()
        if abs(run_s - self._run_s) > _SAME_RUN_S:
            self._run_s = run_s
            self._ahead_s.clear()
