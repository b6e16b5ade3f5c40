"""The jitter buffer of one speaker: packets come when they like, sound leaves every 10 ms.

It starts once the learnt delay has passed, then each frame is due at its time. A frame that is
not there is concealed. Whether its place is given up depends on what is known: with later
frames here it was lost, with none here the network stalls and the frame is waited for. Delay
beyond the target, as after a stall, is taken back by folding pauses, and single pitch periods if
no pause comes; missing delay is built up by repeating them. Nothing that arrives can make
``put`` or ``get`` raise.
"""

from audio.codec.framer import Packet
from audio.errors import SoundError
from audio.pcm import (
    BLOCK_SAMPLES,
    FRAME_S,
    FRAME_SAMPLES,
    RATE_HZ,
    Pcm,
    SampleQueue,
    silence,
)
from audio.playout.conceal import Concealer, FrameDecoder
from audio.playout.delay import DelayEstimator
from audio.playout.fitter import EARLY_S, Fitter
from audio.playout.packet_buffer import Backlog, HeldFrame, JitterCounts
from audio.playout.play_time import PlayTime

PAUSE_S = 1.0
"""With nothing to play for so long the speaker has paused or is cut off."""
LOW_DELAY_S = 0.05
"""Least bound for the delay: enough for two of the three copies of profile ``table``."""
_OVERFULL_S = 0.3
"""Delay beyond the target that folding would take too long for: whole frames go."""
_SMOOTH_SHOWN = 0.02
_QUEUE_SAMPLES = 4 * FRAME_SAMPLES


class JitterBuffer:
    """Turns the packets of one speaker into an even stream. For one thread.

    Attributes:
        counts: What became of packets and frames so far.
    """

    def __init__(self, decoder: FrameDecoder) -> None:
        """Start empty and silent.

        Args:
            decoder: A fresh decoder that nobody else uses.
        """
        self.counts = JitterCounts()
        self._decoder = decoder
        self._concealer = Concealer(decoder)
        self._backlog = Backlog(self.counts)
        self._delay = DelayEstimator()
        self._queue = SampleQueue(_QUEUE_SAMPLES)
        self._fitter = Fitter(self._delay, self.counts)
        self._time = PlayTime()
        self._playing = False
        self._shown_s: float | None = None

    @property
    def delay_ms(self) -> float:
        """Time that sound now spends here beyond its quickest way, smoothed over about 1 s."""
        return 1000.0 * (self._shown_s or 0.0)

    @property
    def target_ms(self) -> float:
        """The delay that is aimed at."""
        return 1000.0 * self._delay.target_s

    def limit(self, longest_s: float) -> None:
        """Bound the delay; what comes later than that is lost. Takes effect as pauses allow.

        Args:
            longest_s: Most delay to aim at, seconds, ``LOW_DELAY_S`` or more.
        """
        self._delay.longest_s = max(LOW_DELAY_S, longest_s)

    @property
    def idle(self) -> bool:
        """Whether nothing is played and nothing waits to be: only a packet changes that."""
        return not self._playing and self._backlog.first is None

    @property
    def playing(self) -> bool:
        """Whether the speaker is in the middle of something, not in a pause."""
        return self._playing

    @property
    def concealed_pct(self) -> float:
        """Share of the play time since the start that was invented; pauses do not count."""
        return self._time.concealed_pct

    def put(self, packet: Packet, now: float) -> None:
        """Take a packet in.

        Args:
            packet: From ``framer.unpack``; any content and order.
            now: When it arrived, monotonic seconds.
        """
        resuming = not self._playing and self._backlog.first is None
        fresh = self._backlog.put(packet, now)
        if fresh is None:
            self._playing = False
            fresh = list(packet.numbers)
            resuming = True
        if resuming and fresh:
            self._delay.restart()
        for seq in fresh:
            # Copies are of frames before its own.
            self._delay.arrived(seq, now, packet.profile, copied=seq < packet.seq)

    def get(self, now: float) -> Pcm:
        """Return the next 10 ms.

        Args:
            now: Monotonic seconds, the clock of ``put``; 10 ms later each time on average.

        Returns:
            int16, 480 samples, good until the next call; silence while the speaker pauses.
        """
        queue = self._queue
        while (block := queue.pop(BLOCK_SAMPLES)) is None:
            self._fill(now)
        return block

    def _fill(self, now: float) -> None:
        if not self._playing and not self._start(now):
            self._queue.push(silence())
            return
        frame = self._backlog.take()
        if frame is not None:
            self._play(frame, now)
        elif self._backlog.first is None:
            self._stall()
        else:
            self._gap(now)

    def _start(self, now: float) -> bool:
        first = self._backlog.first
        if first is None:
            return False
        late_s = self._delay.lateness_s(first, now)
        if late_s < self._delay.target_s - EARLY_S:
            return False
        self.counts.unplayed += first - self._backlog.due
        self._backlog.advance(first)
        self._playing = True
        self._fitter.start(late_s)
        self._shown_s = None
        return True

    def _play(self, frame: HeldFrame, now: float) -> None:
        late_s = self._delay.lateness_s(self._backlog.due - 1, now)
        in_hole = self._concealer.in_hole
        if in_hole:
            # After a hole the old average says nothing about where play goes on.
            self._fitter.start(late_s)
            self._time.resumed()
        else:
            self._fitter.follow(late_s)
        queued = len(self._queue)
        self._show(late_s + queued / RATE_HZ)
        try:
            pcm = self._decoder.decode(frame.data)
        except SoundError:
            self.counts.garbage += 1
            self._invent(FRAME_SAMPLES)
            self._time.concealed(FRAME_SAMPLES)
            return
        if frame.is_copy:
            self.counts.copied += 1
        else:
            self.counts.played += 1
        if in_hole:
            self._concealer.end()
        self._time.real(FRAME_SAMPLES)
        self._queue.push(self._fitter.fit(pcm, queued))
        if late_s - FRAME_S > self._delay.target_s + _OVERFULL_S:
            self._shed(now)

    def _show(self, delay_s: float) -> None:
        if self._shown_s is None:
            self._shown_s = delay_s
        self._shown_s += _SMOOTH_SHOWN * (delay_s - self._shown_s)

    def _invent(self, samples: int) -> None:
        self._queue.push(self._concealer.invent(samples))

    def _shed(self, now: float) -> None:
        while (
            self._delay.lateness_s(self._backlog.due, now) > self._delay.target_s + _OVERFULL_S
            and self._backlog.first is not None
        ):
            self._backlog.drop()
            self._fitter.dropped()

    def _stall(self) -> None:
        if self._backlog.ended:
            self._pause()
            self._invent(BLOCK_SAMPLES)
        elif self._concealer.age_s >= PAUSE_S:
            self._pause()
            self._queue.push(silence())
        else:
            self._wait()

    def _pause(self) -> None:
        self._playing = False
        self._time.paused()

    def _wait(self) -> None:
        self._invent(BLOCK_SAMPLES)
        self._time.waited(BLOCK_SAMPLES)

    def _gap(self, now: float) -> None:
        late_s = self._delay.lateness_s(self._backlog.due, now)
        if late_s < self._delay.target_s - EARLY_S:
            self._wait()
            return
        self._backlog.drop()
        if late_s - FRAME_S / 2 >= self._delay.target_s:
            self._fitter.dropped()
        else:
            self._invent(FRAME_SAMPLES)
            self._time.concealed(FRAME_SAMPLES)
