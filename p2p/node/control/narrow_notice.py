"""What a person is told of a line that does not carry all that there is to say and to hear."""

from p2p.api.events import LineChanged

NARROW_AFTER_S = 2.0
WIDE_AFTER_S = 15.0
"""Longer than a trial of more sound lasts, so that nobody is told the same again and again."""


class _Direction:
    """One of the two."""

    def __init__(self) -> None:
        self.said = False
        self._since_s: float | None = None

    def turns(self, now: float, *, narrow: bool) -> bool:
        """Whether it is time to say that it has become narrow, or is no more."""
        if narrow == self.said:
            self._since_s = None
            return False
        self._since_s = now if self._since_s is None else self._since_s
        if now - self._since_s < (NARROW_AFTER_S if narrow else WIDE_AFTER_S):
            return False
        self.said, self._since_s = narrow, None
        return True


class NarrowNotices:
    """Tells of each direction once when it becomes narrow, and once when it is no more."""

    def __init__(self) -> None:
        self._out = _Direction()
        self._in = _Direction()

    def news(self, now: float, *, out: bool, inward: bool) -> LineChanged | None:
        """What is to be told now, if anything.

        Args:
            now: Monotonic seconds.
            out: Whether our sound goes in a narrower profile than the room's.
            inward: Whether less than all of the others' sound is asked for.
        """
        turns = [self._out.turns(now, narrow=out), self._in.turns(now, narrow=inward)]
        return LineChanged(self._out.said, self._in.said) if any(turns) else None
