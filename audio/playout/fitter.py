"""Takes delay back that is no longer needed, and builds up what is missing, frame by frame.

Pauses between phrases are folded first. Delay that waits too long for a pause is taken out by
single periods of the pitch, later by any part of the sound; missing delay is built up at once.
"""

from audio.pcm import FRAME_S, RATE_HZ, Pcm
from audio.playout import stretch
from audio.playout.delay import DelayEstimator
from audio.playout.packet_buffer import JitterCounts

EARLY_S = 0.005
"""Half a block: how much before its time play may start, and when delay is built up."""
_SHRINK_AT_S = 0.008
"""Delay beyond the target that is folded away; less is left alone."""
_SMOOTH = 0.2
_PATIENCE_FRAMES = 150
"""Delay beyond the target waits for a pause so long. Then whole pitch periods are taken out; after
the same time again, any part of the sound."""
_STALLED_PATIENCE_FRAMES = 350
"""The same in the half minute after a stall: the next one would find the delay still there, while
speech that is folded after each of them never keeps its rhythm."""


class Fitter:
    """The rhythm of one speaker.

    Args:
        delay: What is aimed at.
        counts: Where to count frames that are played longer or shorter than they are.
    """

    def __init__(self, delay: DelayEstimator, counts: JitterCounts) -> None:
        self._delay = delay
        self._counts = counts
        self._pauses = stretch.PauseDetector()
        self._lateness_s = 0.0
        self._waited_frames = 0

    def start(self, late_s: float) -> None:
        """Play begins, so much later than the quickest."""
        self._lateness_s = late_s

    def follow(self, late_s: float) -> None:
        """A frame is played so much later than the quickest; what scatters is smoothed."""
        self._lateness_s += _SMOOTH * (late_s - self._lateness_s)

    def dropped(self) -> None:
        """A frame was given up: all after it play sooner."""
        self._lateness_s -= FRAME_S

    def fit(self, pcm: Pcm, queued: int) -> Pcm:
        """Return a frame, maybe longer or shorter.

        Args:
            pcm: int16, 960 samples.
            queued: Samples that wait before it. They can be folded away without a frame being
                due any sooner.
        """
        pause = self._pauses.update(pcm)
        spare_s = self._lateness_s - self._delay.target_s
        self._waited_frames = self._waited_frames + 1 if spare_s > _SHRINK_AT_S else 0
        if spare_s + queued / RATE_HZ > _SHRINK_AT_S:
            longest = queued + int((spare_s + EARLY_S / 2) * RATE_HZ)
            period = self._period_to_fold(pcm, longest, pause=pause)
            if period is not None:
                self._lateness_s -= max(0, period - queued) / RATE_HZ
                self._counts.stretched += 1
                return stretch.compress(pcm, period)
        elif spare_s < -EARLY_S:
            longest = int((EARLY_S / 2 - spare_s) * RATE_HZ)
            period = _period(pcm, longest, pause=pause, urgent=True)
            if period is not None:
                self._lateness_s += period / RATE_HZ
                self._counts.stretched += 1
                return stretch.expand(pcm, period)
        return pcm

    def _period_to_fold(self, pcm: Pcm, longest: int, *, pause: bool) -> int | None:
        patience = _STALLED_PATIENCE_FRAMES if self._delay.stalls else _PATIENCE_FRAMES
        over = self._waited_frames - patience
        return _period(pcm, longest, pause=pause or over > _PATIENCE_FRAMES, urgent=over > 0)


def _period(pcm: Pcm, longest: int, *, pause: bool, urgent: bool) -> int | None:
    period = stretch.find_period(pcm, longest) if urgent else None
    return stretch.any_period(longest) if period is None and pause else period
