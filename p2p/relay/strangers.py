"""HELLOs of strangers at a relay, and when the kernel is to throw some of them away."""

import time

from crypto.cookie import MAC2_AT, NO_MAC2
from p2p.link.flood_filter import Gauge
from p2p.link.mux import Mux

LOOK_EVERY = 50


class Strangers:
    """Counts HELLOs without a cookie, and has the kernel take part of a flood of them off us.

    Args:
        mux: The socket that they come in by.
        now: Monotonic seconds.
    """

    def __init__(self, mux: Mux, now: float) -> None:
        self._mux = mux
        self._gauge = Gauge()
        self._looked_s = now
        self._count = 0

    def came(self, hello: bytes) -> None:
        """Count a HELLO; after many the queue is looked at."""
        self._count += hello[MAC2_AT:].startswith(NO_MAC2)
        if self._count >= LOOK_EVERY:
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        """Look at the queue, and let in more or fewer from now on."""
        count, passed_s = self._count, now - self._looked_s
        self._count, self._looked_s = 0, now
        if self._gauge.came(count, max(0.001, passed_s), self._mux.queue_fill):
            self._mux.let_hellos_in(self._gauge.share)
