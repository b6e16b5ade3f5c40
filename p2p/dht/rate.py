"""How much one source may ask of us: a bucket of datagrams per source, silence beyond it."""

import ipaddress
from collections import OrderedDict

from p2p.wire.addresses import Address, Scope, scope_of

_REMEMBERED_SOURCES = 4096


class SourceRate:
    """One token bucket per source.

    A source is an IPv4 address or an IPv6 /64. On loopback every port is a source of its own:
    there many nodes share the one address.

    Args:
        per_s: Datagrams a second that a source may send for good.
        burst: Datagrams that it may send at once after a pause.
    """

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def allow(self, address: Address, now: float) -> bool:
        """Count one datagram from ``address`` at monotonic second ``now``; False: drop it."""
        source = _source(address)
        level, counted_s = self._buckets.pop(source, (self._burst, now))
        level = min(self._burst, level + max(0.0, now - counted_s) * self._per_s)
        allowed = level >= 1.0
        self._buckets[source] = (level - 1.0 if allowed else level, now)
        if len(self._buckets) > _REMEMBERED_SOURCES:
            self._buckets.popitem(last=False)
        return allowed

    def __len__(self) -> int:
        return len(self._buckets)


def _source(address: Address) -> bytes:
    ip, port = address
    packed = ipaddress.ip_address(ip).packed
    if scope_of(ip) is Scope.LOOPBACK:
        return packed + port.to_bytes(2, "big")
    return packed if len(packed) == 4 else packed[:8]
