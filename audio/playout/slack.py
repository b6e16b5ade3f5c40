"""How much more is to stand ready for a loudspeaker on a machine that is busy with other things.

Two blocks are enough where the worker runs when it is woken. Where it does not, the device finds
nothing and plays a hole. After each such hole one block more stands ready, up to two; with no
further hole for a while they go again. So nobody pays in delay for what does not happen here.
"""

MOST_BLOCKS = 2
CALM_S = 20.0
"""So long after the last hole one block is given back."""
SETTLE_S = 1.0
"""At the start there may be holes that say nothing about the machine."""
_SEPARATE_S = 0.5
"""Holes that are closer together are one stall."""


class Slack:
    """Blocks beyond the usual, learnt from what the device missed."""

    def __init__(self) -> None:
        self._blocks = 0
        self._missed = 0
        self._from_s: float | None = None
        self._changed_s = 0.0

    def restart(self) -> None:
        """The device begins, or begins anew: what was learnt stays, what is missed now is not."""
        self._from_s = None

    def blocks(self, missed_samples: int, now: float) -> int:
        """Return how many more are to stand ready, 0 to ``MOST_BLOCKS``.

        Args:
            missed_samples: What the device has missed since it was opened.
            now: Monotonic seconds.
        """
        missed, self._missed = missed_samples > self._missed, missed_samples
        if self._from_s is None:
            self._from_s = now + SETTLE_S
        if now < self._from_s:
            return self._blocks
        if missed and now - self._changed_s >= _SEPARATE_S:
            self._blocks, self._changed_s = min(self._blocks + 1, MOST_BLOCKS), now
        elif self._blocks and now - self._changed_s >= CALM_S:
            self._blocks, self._changed_s = self._blocks - 1, now
        return self._blocks
