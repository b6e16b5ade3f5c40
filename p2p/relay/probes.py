"""Which addresses a relay may call that it was only told of. Sans-IO.

A room's carriers are named by its moderators, and any of them could name a machine that never
asked for it. So an address that never answered gets one handshake, a few datagrams, and then no
other for ten minutes, from whatever room it is named; and of all such there are few a second.
"""

from collections import OrderedDict

from p2p.token_bucket import Allowance, Rate
from p2p.wire.addresses import Address

AGAIN_AFTER_S = 600.0
CALLS = Rate(burst=8.0, per_s=0.5)
REMEMBERED_MAX = 4096


class Probes:
    """The memory of one relay.

    Args:
        now: Monotonic seconds.
    """

    def __init__(self, now: float) -> None:
        self._called: OrderedDict[Address, float] = OrderedDict()
        self._proven: OrderedDict[Address, None] = OrderedDict()
        self._calls = Allowance(CALLS, now)

    def may_call(self, address: Address, now: float) -> bool:
        """Whether this address may be called now; if so, it counts as called."""
        if address in self._proven:
            return True
        last_s = self._called.get(address)
        if last_s is not None and now - last_s < AGAIN_AFTER_S:
            return False
        if not self._calls.take(now):
            return False
        self._called[address] = now
        self._called.move_to_end(address)
        if len(self._called) > REMEMBERED_MAX:
            self._called.popitem(last=False)
        return True

    def answered(self, address: Address) -> None:
        """A relay with the right key answered from there: it may be called again."""
        self._called.pop(address, None)
        self._proven[address] = None
        if len(self._proven) > REMEMBERED_MAX:
            self._proven.popitem(last=False)
