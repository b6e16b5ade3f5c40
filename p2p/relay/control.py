"""What the volunteer can still say to a relay that runs: stop soon, and give more or less."""

import asyncio
from collections.abc import Callable

from p2p.relay.limits import Limits
from p2p.relay.metrics import Metrics


class Control:
    """The strings between the program and its relay.

    Args:
        limits: To begin with.

    Attributes:
        limits: May be replaced at any time.
        metrics: What the relay does.
        reload_certificate: Reads the operator's certificate again, if there is one; raises
            UserError.
        draining: Set once: the relay takes nobody new, has its members move and then ends.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.metrics = Metrics()
        self.reload_certificate: Callable[[], None] = lambda: None
        self.draining = asyncio.Event()

    def drain(self) -> None:
        """Stop, but let everybody get away first."""
        self.metrics.draining = True
        self.draining.set()
