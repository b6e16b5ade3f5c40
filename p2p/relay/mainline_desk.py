"""Looks ids up in BitTorrent's DHT for members that do not show themselves there.

The relay sees ids that are others every hour, and items that it can not open. All that a member
can do by it is to have some nodes asked, so few look-ups run at once, whoever wants them.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from crypto.mutable_item import MutableItem
from p2p.token_bucket import Allowance, Rate

AT_ONCE = 4
LOOKUP_RATE = Rate(burst=16.0, per_s=0.5)
"""Of all members together; each asks up to 80 nodes."""
ITEMS_MAX = 4


class Gets(Protocol):
    """What is needed of that DHT."""

    async def get(self, target: bytes) -> list[MutableItem]:
        """Finds the items of a target, highest number first."""
        ...


class NoMainline:
    """Of a relay whose operator does not want it to be seen there."""

    async def get(self, _target: bytes) -> list[MutableItem]:
        """Nothing."""
        return []


class MainlineDesk:
    """See the module.

    Args:
        mainline: Where.
        now: Monotonic seconds.

    Attributes:
        counts: Look-ups done and refused.
    """

    def __init__(self, mainline: Gets, now: Callable[[], float] = time.monotonic) -> None:
        self.counts: Counter[str] = Counter()
        self._mainline = mainline
        self._now = now
        self._allowance = Allowance(LOOKUP_RATE, now())
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def look_up(self, target: bytes) -> list[bytes]:
        """Give the items under an id, encoded; none if there is none, or too much is asked."""
        if self._turns.locked() or not self._allowance.take(self._now()):
            self.counts["refused"] += 1
            return []
        async with self._turns:
            self.counts["looked up"] += 1
            found = await self._mainline.get(target)
        return [item.encode() for item in found[:ITEMS_MAX]]
