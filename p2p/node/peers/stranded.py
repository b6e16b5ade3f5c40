"""No relay takes our pass: when a member is asked for what we missed. Sans-IO.

If all our relays end while a new key is made, we hold only the one before, and a relay where we did
not sit under it lets nobody sit down by it who could have been removed. We are a member still: one
whose door has a card at that relay tells us what happened, and gives us the key.
"""

AFTER_S = 2.0
"""A relay that begins anew may have older news than we, for a moment."""
ASK_EVERY_S = 3.0


class Stranded:
    """Since when we have been, and when somebody is to be asked."""

    def __init__(self) -> None:
        self._next_s: float | None = None

    def is_due(self, *, stranded: bool, now: float) -> bool:
        """Tell whether a member is to be asked now.

        Args:
            stranded: We have no seat and no link, and a relay has refused our pass.
            now: Monotonic seconds.
        """
        if not stranded:
            self._next_s = None
        elif self._next_s is None:
            self._next_s = now + AFTER_S
        elif now >= self._next_s:
            self._next_s = now + ASK_EVERY_S
            return True
        return False
