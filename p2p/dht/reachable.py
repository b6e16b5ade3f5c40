"""Whether strangers reach us: only then may others be told to ask us.

On loopback and private nets every node serves. On the open Internet a node serves when it was
told to (a relay), or once two nodes that it had not written to have reached it. Five and a half
minutes of silence towards a node count as never having written: routers forget UDP mappings
after two to five (RFC 4787 §4.3).
"""

from collections import OrderedDict

from p2p.dht.addresses import neighbourhood
from p2p.wire.addresses import Scope, scope_of

_REMEMBERED = 4096
_STRANGERS = 2
_GOOD_FOR_S = 3600.0
_MAPPING_S = 330.0


class Reachable:
    """Counts strangers.

    Args:
        always: Serve in every scope; for machines known to be reachable.
    """

    def __init__(self, always: bool) -> None:
        self.always = always
        self._written_to: OrderedDict[str, float] = OrderedDict()
        self._strangers: dict[bytes, float] = {}

    def serves(self, ip: str, now: float) -> bool:
        """Tell whether we answer for others towards the node at ``ip``."""
        scope = scope_of(ip)
        if self.always or scope is Scope.LOOPBACK or scope is Scope.PRIVATE:
            return True
        return self.proved(now)

    def proved(self, now: float) -> bool:
        """Tell whether two strangers have reached us within the last hour."""
        return sum(1 for s in self._strangers.values() if now - s < _GOOD_FOR_S) >= _STRANGERS

    def wrote(self, ip: str, now: float) -> None:
        """Note that we sent something there: while a router remembers, hearing proves nothing."""
        self._written_to[ip] = now
        self._written_to.move_to_end(ip)
        if len(self._written_to) > _REMEMBERED:
            self._written_to.popitem(last=False)

    def heard(self, ip: str, now: float) -> None:
        """Note a genuine request that came from ``ip``."""
        block = neighbourhood(ip)
        if block is None:
            return
        written_s = self._written_to.get(ip)
        if written_s is not None and now - written_s < _MAPPING_S:
            return
        self._strangers[block] = now
        if len(self._strangers) > _REMEMBERED:
            del self._strangers[min(self._strangers, key=self._strangers.__getitem__)]

    def came(self, towards: str) -> bool:
        """Tell whether anybody has come unasked, by the kind of address that ``towards`` is."""
        like = neighbourhood(towards)
        return like is not None and any(len(block) == len(like) for block in self._strangers)

    def forget(self) -> None:
        """Begin anew: our own address has changed."""
        self._strangers.clear()
