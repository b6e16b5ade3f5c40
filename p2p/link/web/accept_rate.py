"""How many connections a relay takes a second, of whom it knows nothing yet.

Each costs a TLS handshake, half a millisecond of the relay. So a flood of them takes some
hundredths of its time; members that come by UDP, and all that are in, do not feel it.
"""

from p2p.token_bucket import Allowance, Rate

EVERYBODY = Rate(200.0, 50.0)
ONE_NET = Rate(32.0, 4.0)
"""Of one IPv4 /24 or IPv6 /48: a class that comes at once, then one every quarter of a second."""
NETS_MAX = 4096


class AcceptRate:
    """What may still be taken.

    Args:
        now: Monotonic seconds.
    """

    def __init__(self, now: float) -> None:
        self._all = Allowance(EVERYBODY, now)
        self._nets: dict[str, Allowance] = {}

    def takes(self, net: str, now: float) -> bool:
        """Whether one more is taken, from a net, at a time in monotonic seconds."""
        if net not in self._nets:
            if len(self._nets) >= NETS_MAX:
                self._nets = {n: a for n, a in self._nets.items() if not a.is_full(now)}
            if len(self._nets) >= NETS_MAX:
                return False
            self._nets[net] = Allowance(ONE_NET, now)
        return self._nets[net].take(now) and self._all.take(now)
