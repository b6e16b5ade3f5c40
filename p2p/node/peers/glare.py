"""When two members dial each other at once: whose question is the one that counts.

Two links would take the address from each other. So the larger key gives its own question up; the
smaller one gives no answer unless its own has led nowhere for a while. A link that is up already is
not given up for another.
"""

import asyncio
import time
from dataclasses import dataclass

from crypto.ids import DhKey

FIRST_TRY_S = 1.5


@dataclass(slots=True)
class Dial:
    """One attempt of ours.

    Attributes:
        since_s: When it began, monotonic seconds.
        linking: The attempt.
        entering: The link is up, and we ask to be let in.
        yielded: It was given up for the other end's question.
    """

    since_s: float
    linking: asyncio.Future[None]
    entering: bool = False
    yielded: bool = False


class Dials:
    """Our attempts under way, by the key of whom we dial.

    Args:
        own_dh: Our public key.
    """

    def __init__(self, own_dh: DhKey) -> None:
        self._own_dh = own_dh
        self._dials: dict[DhKey, Dial] = {}

    def __contains__(self, dh: DhKey) -> bool:
        return dh in self._dials

    def __len__(self) -> int:
        return len(self._dials)

    def begin(self, dh: DhKey, linking: asyncio.Future[None], now: float) -> Dial:
        """We dial the holder of this key."""
        dial = self._dials[dh] = Dial(now, linking)
        return dial

    def entering(self, dh: DhKey) -> None:
        """The link with it is up."""
        self._dials[dh].entering = True

    def end(self, dh: DhKey) -> None:
        """The attempt is over."""
        del self._dials[dh]

    def yields_to(self, dh: DhKey) -> bool:
        """Whether a question of this peer is to be answered; then our own is given up."""
        dial = self._dials.get(dh)
        if dial is None:
            return True
        if dial.entering:
            return False
        if self._own_dh < dh:
            return time.monotonic() - dial.since_s >= FIRST_TRY_S
        dial.yielded = True
        dial.linking.cancel()
        return True
