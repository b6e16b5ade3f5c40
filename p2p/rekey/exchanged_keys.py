"""With whom we exchanged keys, and so have to compare what we hold. Sans-IO.

What one says under a key that another lacks is lost to that one, and so it is the other way round
with a key that only the other still uses. So when one has given a key to another, whichever it was
that lacked something, both say what they hold. Many that ask may be names that one has made up, and
what we hold is long in a large room, so a few are told: whoever lacked a key tells us anyway.
"""

from crypto.ids import MemberId

AGAIN_S = 2.0
"""As often as any member lets another compare."""
AT_ONCE = 3
"""So many members in that time."""
WAITING_MAX = 16


class ExchangedKeys:
    """Members that gave us a key which we did not have, or got one from us."""

    def __init__(self) -> None:
        self._due_s: dict[MemberId, float] = {}
        self._compared_s: dict[MemberId, float] = {}

    def note(self, member: MemberId, now: float) -> None:
        """Take note that one has given the other a key."""
        if len(self._due_s) >= WAITING_MAX:
            return
        compared_s = self._compared_s.get(member, now - AGAIN_S)
        self._due_s.setdefault(member, max(now, compared_s + AGAIN_S))

    def due(self, now: float) -> list[MemberId]:
        """Give those to compare with now; each is given once."""
        self._compared_s = {m: at_s for m, at_s in self._compared_s.items() if now - at_s < AGAIN_S}
        due = [member for member, at_s in self._due_s.items() if now >= at_s]
        due = due[: AT_ONCE - len(self._compared_s)]
        for member in due:
            del self._due_s[member]
        self._compared_s |= dict.fromkeys(due, now)
        return due
