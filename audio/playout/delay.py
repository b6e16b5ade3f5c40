"""Learn how late the sound of one speaker comes, and how much delay pays for itself.

What counts is when the content of a frame is first usable, whether as the frame itself or as a
copy in a later payload: so the delay that copies need is learnt without being told about
copies. Each arrival goes into a histogram that forgets; the target is the delay at which
waiting longer costs more than the frames that it would save. Lateness is measured from the
quickest frame of the last 1.5 s; when the whole path becomes longer, what was learnt moves along.
"""

from collections import deque

from audio.codec.framer import TABLE, Profile
from audio.pcm import FRAME_S
from audio.playout.delay_reserve import Caution
from audio.playout.lateness import BIN_S, MAX_DELAY_S, Lateness

MIN_DELAY_S = 0.01
_BASE_FRAMES = 75
"""The quickest of so many frames (1.5 s) defines lateness zero, so clocks may drift apart."""


class DelayEstimator:
    """Lateness of one speaker's frames. Times are monotonic seconds of one clock.

    Attributes:
        longest_s: Upper bound for the target, at least ``MIN_DELAY_S``; may be changed any time.
    """

    def __init__(self) -> None:
        self._lateness = Lateness()
        self._seen = 0
        self._risen_s = 0.0
        self._quickest: deque[tuple[int, float]] = deque()
        self._caution = Caution()
        self._target_s = MIN_DELAY_S
        self.longest_s = MAX_DELAY_S

    @property
    def target_s(self) -> float:
        """The delay to aim at, ``MIN_DELAY_S`` to ``longest_s``."""
        return min(self.longest_s, self._target_s)

    @property
    def stalls(self) -> bool:
        """Whether the network has stalled within what is remembered."""
        return self._caution.stalls

    def arrived(
        self, seq: int, now: float, profile: Profile = TABLE, *, copied: bool = False
    ) -> None:
        """Note that the content of a frame has become usable.

        Args:
            seq: Its number; each number is to be noted once.
            now: When.
            profile: Of the payload that it came in.
            copied: Whether it came as a copy.
        """
        late_s = self._rebase(now - seq * FRAME_S)
        self._caution.frame(profile, lost=copied)
        if not copied:
            self._caution.late(late_s, now)
        self._lateness.add(late_s)
        self._target_s = max(MIN_DELAY_S, self._lateness.cheapest_s, self._caution.reserve_s(now))

    def lateness_s(self, seq: int, now: float) -> float:
        """Return how long after its quickest possible arrival a moment is for a frame.

        Args:
            seq: Number of the frame.
            now: The moment.

        Returns:
            Seconds; 0.0 before anything has arrived. May be negative.
        """
        if not self._quickest:
            return 0.0
        return now - seq * FRAME_S - self._quickest[0][1]

    def _rebase(self, transit_s: float) -> float:
        quickest = self._quickest
        before_s = quickest[0][1] if quickest else transit_s
        if transit_s - before_s > MAX_DELAY_S:
            # No buffer can wait so long: the sender has paused without a word.
            quickest.clear()
        while quickest and quickest[-1][1] >= transit_s:
            quickest.pop()
        self._seen += 1
        quickest.append((self._seen, transit_s))
        if quickest[0][0] <= self._seen - _BASE_FRAMES:
            quickest.popleft()
        base_s = quickest[0][1]
        if before_s < base_s <= before_s + MAX_DELAY_S:
            self._follow(base_s - before_s)
        return transit_s - base_s

    def _follow(self, rise_s: float) -> None:
        self._risen_s += rise_s
        bins = int(self._risen_s / BIN_S)
        if bins == 0:
            return
        self._risen_s -= bins * BIN_S
        self._lateness.move(bins)

    def restart(self) -> None:
        """Forget when frames were sent, not how much they scatter: the sender has paused."""
        self._quickest.clear()
