"""Which of a few fixed shapes a sender gives its packets, from what the line carries. Sans-IO.

Down at once when a queue stands, to the widest shape that leaves room for it to drain; up one
shape at a time, each time the last one did no good after twice the wait. Loss without a queue is
the line's own more often than ours: a narrower shape is tried, and kept if hardly any is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from p2p.mesh.line_load import DRAINED_S, LOSS_OVER_S, Load

DRAIN_SHARE = 0.85
"""So much of what the line carries is used while its queue drains."""
LOSS_SHARE = 0.95
SETTLE_S = 1.0
"""After a change and a round trip so much must be seen of what it did."""
LOOK_AGAIN_S = 0.5
"""A queue that became shorter in that time is draining."""
UP_AFTER_S = 5.0
UP_AFTER_MAX_S = 60.0
PROVEN_S = 8.0
"""A wider shape that held for so long is one that the line carries."""
LOSSY = 0.1
TRIAL_AGAIN_S = 60.0
TRIAL_AGAIN_MAX_S = 600.0


@dataclass(slots=True)
class _Trial:
    """A narrower shape, to see whether less is lost.

    Attributes:
        before: The shape that was left.
        loss: What was lost in it.
    """

    before: int
    loss: float


@dataclass(slots=True)
class _Waits:
    """How long what did no good is not done again, in seconds.

    Attributes:
        up_s: Before the next wider shape.
        trial_s: Before the next trial.
        no_trial_before_s: When that is over.
    """

    up_s: float = UP_AFTER_S
    trial_s: float = TRIAL_AGAIN_S
    no_trial_before_s: float = 0.0


class ShapeWalk:
    """The walk of one sender.

    Args:
        rates_bps: What each shape takes on the wire, the widest first.
        now: Monotonic seconds.

    Attributes:
        shape: The present one, counted from 0.
        rates_bps: As given; may become others, of as many shapes.
    """

    def __init__(self, rates_bps: Sequence[float], now: float) -> None:
        self.shape = 0
        self.rates_bps = tuple(rates_bps)
        self._changed_s = self._clear_s = self._look_s = now
        self._queue_s = 0.0
        self._climbed = False
        self._trial: _Trial | None = None
        self._waits = _Waits()

    @property
    def narrowest(self) -> int:
        """The last shape; there is no way on from there."""
        return len(self.rates_bps) - 1

    def step(self, load: Load | None, now: float) -> int:
        """Take in how the line does.

        Args:
            load: Of the line; None: nothing is known, and nothing changes.
            now: Monotonic seconds.

        Returns:
            The shape from now on.
        """
        if load is None:
            self._clear_s = now
        elif now >= self._look_s:
            self._look(load, now)
        else:
            self._queue_s = max(self._queue_s, load.queue_s)
        return self.shape

    def _look(self, load: Load, now: float) -> None:
        if load.stands or self._climbed_too_far(load, now):
            self._congested(load, now)
            return
        self._queue_s = 0.0
        if load.drains:
            self._clear_s = now
        if self._trial is not None:
            self._judge(self._trial, load, now)
        elif load.loss >= LOSSY and now >= self._waits.no_trial_before_s:
            self._try_less(load, now)
        else:
            self._may_climb(load, now)

    def _climbed_too_far(self, load: Load, now: float) -> bool:
        """After a step up a queue is looked for more closely than it shows by itself."""
        fresh = self._climbed and now - self._changed_s < PROVEN_S
        return fresh and load.queue_s > load.jitter_s

    def _congested(self, load: Load, now: float) -> None:
        self._clear_s, self._trial = now, None
        drains = load.queue_s <= self._queue_s - DRAINED_S
        self._queue_s, self._look_s = load.queue_s, now + LOOK_AGAIN_S
        if not drains:
            self._down(load, now)

    def _down(self, load: Load, now: float) -> None:
        if self.shape == self.narrowest:
            return
        failed = self._climbed and now - self._changed_s < PROVEN_S
        self._waits.up_s = min(UP_AFTER_MAX_S, 2.0 * self._waits.up_s) if failed else UP_AFTER_S
        self._change(self._fitting(DRAIN_SHARE * load.carried_bps), load, now)

    def _may_climb(self, load: Load, now: float) -> None:
        if self._climbed and now - self._changed_s >= PROVEN_S:
            self._waits.up_s, self._climbed = UP_AFTER_S, False
        if self.shape and now - self._clear_s >= self._waits.up_s:
            self._change(self.shape - 1, load, now)
            self._climbed, self._look_s = True, now + load.round_trip_s

    def _try_less(self, load: Load, now: float) -> None:
        if self.shape < self.narrowest:
            before = self.shape
            self._change(self._fitting(LOSS_SHARE * load.carried_bps), load, now)
            self._trial = _Trial(before, load.loss)
            self._look_s += LOSS_OVER_S

    def _judge(self, trial: _Trial, load: Load, now: float) -> None:
        self._trial = None
        if load.loss <= trial.loss / 4.0:
            self._waits.up_s = min(UP_AFTER_MAX_S, 2.0 * self._waits.up_s)
            return
        self._waits.no_trial_before_s = now + self._waits.trial_s
        self._waits.trial_s = min(TRIAL_AGAIN_MAX_S, 2.0 * self._waits.trial_s)
        self._change(trial.before, load, now)

    def _fitting(self, bps: float) -> int:
        """The widest shape, narrower than this one, that takes no more than that."""
        narrower = range(self.shape + 1, self.narrowest)
        return next((at for at in narrower if self.rates_bps[at] <= bps), self.narrowest)

    def _change(self, shape: int, load: Load, now: float) -> None:
        self.shape, self._climbed = shape, False
        self._changed_s = self._clear_s = now
        self._queue_s = load.queue_s
        self._look_s = now + load.round_trip_s + SETTLE_S
