"""Addresses that we know only because a peer named them. Sans-IO.

Whoever has a room's key could have all its members knock at a machine that never asked for it. So
an address that did not answer gets the checks of one link in the making, and then none for a while,
whoever names it again; and of all addresses of one machine there are few. An answer with the peer's
proof ends that, and whoever checks us from there is answered as ever.
"""

from collections import OrderedDict
from collections.abc import Iterable

from p2p.wire.addresses import Address, Scope, known_scope
from p2p.wire.offers import Candidate

AGAIN_AFTER_S = 120.0
SILENT_EACH = 8
"""Of one IP: several people of one home or one provider have it together."""

REMEMBERED_MAX = 4096


class Hearsay:
    """The memory of one node."""

    def __init__(self) -> None:
        self._checked_s: OrderedDict[Address, float] = OrderedDict()

    def checkable(self, candidates: Iterable[Candidate], now: float) -> tuple[Candidate, ...]:
        """Gives those that may be checked; they count as checked.

        Args:
            candidates: As a peer named them. Those of our own machine and home always may be.
            now: Monotonic seconds.
        """
        while self._checked_s and now - next(iter(self._checked_s.values())) >= AGAIN_AFTER_S:
            self._checked_s.popitem(last=False)
        return tuple(each for each in candidates if self._may_check(each.address, now))

    def answered(self, address: Address) -> None:
        """A check was answered from there, with the peer's proof."""
        self._checked_s.pop(address, None)

    def _may_check(self, address: Address, now: float) -> bool:
        if known_scope(address[0]) < Scope.GLOBAL:
            return True
        silent = sum(ip == address[0] for ip, _ in self._checked_s)
        if address in self._checked_s or silent >= SILENT_EACH:
            return False
        self._checked_s[address] = now
        if len(self._checked_s) > REMEMBERED_MAX:
            self._checked_s.popitem(last=False)
        return True
