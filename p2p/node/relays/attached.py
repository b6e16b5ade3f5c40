"""Who is attached to any of some relays, put together again only when that has changed."""

from collections.abc import Iterable

from crypto.ids import MemberId


class Attached:
    """Remembers what the relays said.

    Args:
        me: Left out.
    """

    def __init__(self, me: MemberId) -> None:
        self._me = me
        self._said: tuple[frozenset[MemberId], ...] = ()
        self._others: frozenset[MemberId] = frozenset()

    def others(self, said: Iterable[frozenset[MemberId]]) -> frozenset[MemberId]:
        """Put together what the relays say now; the same object while none says another."""
        now = tuple(said)
        if len(now) != len(self._said) or any(
            one is not other for one, other in zip(now, self._said, strict=True)
        ):
            self._said = now
            self._others = frozenset().union(*now) - {self._me}
        return self._others
