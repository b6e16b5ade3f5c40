"""What a person is told of a line that does not carry all that there is to say and to hear."""

from collections.abc import Iterator

from p2p.api.events import Notice

NARROW_AFTER_S = 2.0
WIDE_AFTER_S = 15.0
"""Longer than a trial of more sound lasts, so that nobody is told the same again and again."""
NARROW_OUT = Notice("line_narrow_out")
NARROW_IN = Notice("line_narrow_in")
WIDE = Notice("line_wide")


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
    """Tells once when a direction becomes narrow, and once when both are wide again."""

    def __init__(self) -> None:
        self._out = _Direction()
        self._in = _Direction()

    def news(self, now: float, *, out: bool, inward: bool) -> Iterator[Notice]:
        """Notices that are due.

        Args:
            now: Monotonic seconds.
            out: Whether our sound goes in a narrower profile than the room's.
            inward: Whether less than all of the others' sound is asked for.
        """
        before = self._out.said or self._in.said
        turns_out = self._out.turns(now, narrow=out)
        turns_in = self._in.turns(now, narrow=inward)
        if turns_out and self._out.said:
            yield NARROW_OUT
        if turns_in and self._in.said:
            yield NARROW_IN
        if before and not self._out.said and not self._in.said:
            yield WIDE
