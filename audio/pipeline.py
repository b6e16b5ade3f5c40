"""The sound of one member: one worker thread between the microphone, the network and the ear."""

import time
from collections.abc import Callable, Iterable

from audio.capture.capture import Capture
from audio.capture.mic_switch import MicSwitch
from audio.capture.silentmic import SilentMic, mic_silent
from audio.capture.treatment import Treatment
from audio.capture.typed import hush, say
from audio.capture.voice import Voice
from audio.choices import Cue
from audio.codec.framer import PROFILES
from audio.device.device_errors import DeviceError
from audio.endpoint import Ends
from audio.playout.cues import CuePlayer
from audio.playout.jitter import LOW_DELAY_S
from audio.playout.lateness import MAX_DELAY_S
from audio.playout.playout import NullPlayout, Playout
from audio.playout.speakers import Speakers, SpeakerStats
from audio.problems import Problems
from audio.worker import Worker

IDLE_S = 0.1
"""Longest sleep beside a device: how soon the worker sees that it has stopped calling back."""


class Pipeline:
    """Captures, encodes, decodes, mixes and plays, beside the event loop.

    All methods may be called from any thread; none of them waits for sound but ``stop`` and
    ``use_capture``, ``use_playout``.

    Args:
        capture: Where our voice comes from; belongs to the pipeline from now on.
        playout: Where the others are heard; likewise.
        on_payload: Called by the worker with each 20 ms payload while the microphone is on;
            all payloads have one size. Must not block.
        on_problem: Called by the worker when a device is gone or a part has failed; the room
            goes on. Must not block.
        clock: Monotonic seconds, the one that ``arrival_s`` is measured with.
        treatment: What is done to our voice; None: echo, noise and gain of real microphones.

    Attributes:
        treatment: Likewise; its ``echo`` may be changed at any time.

    Raises:
        DeviceError: ``typed_only``: a typed voice was chosen, and ``capture`` is another; both
            ends were closed.
    """

    def __init__(
        self,
        capture: Capture,
        playout: Playout,
        on_payload: Callable[[bytes], None],
        on_problem: Callable[[DeviceError], None],
        clock: Callable[[], float] = time.monotonic,
        treatment: Treatment | None = None,
    ) -> None:
        self.treatment = treatment or Treatment(on_problem)
        try:
            self.treatment.admit(capture)
        except DeviceError:
            playout.close()  # a stream that nobody closes ends the process when it is forgotten
            raise
        self._on_payload = on_payload
        self._clock = clock
        self._problems = Problems(on_problem, clock)
        self._voice = Voice()
        self._speakers = Speakers(self._problems.failed)
        self._cues = CuePlayer()
        self._silent_mic = SilentMic()
        self._switch = MicSwitch()
        self.payloads_sent = 0
        self._worker = Worker(
            lambda: self._round(clock()),
            lambda: self._ends.close(),
            self._problems.failed,
            lambda: not self._ends.resting,
        )
        self._ends = Ends(capture, playout, self._worker.wake)

    def start(self) -> None:
        """Start the worker, with the microphone off. A second call does nothing."""
        self._worker.start()

    def stop(self) -> None:
        """Stop for good and close the devices; takes 2 s at worst. May be repeated."""
        self._worker.stop()

    def set_mic(self, on: bool) -> None:
        """Switch the microphone. What it heard before it was switched on is never sent.

        Args:
            on: False: nothing is sent from at most 10 ms later on, but for one payload of
                pure silence that marks the pause.
        """
        if not self._switch.set(on):
            return
        if on:
            self.prepare_mic()
        else:
            hush(self._ends.capture)
        self._worker.wake()

    def prepare_mic(self) -> None:
        """Load what our microphone needs, in a thread; good to call when a hand is granted.

        ``set_mic`` does it too, but what is sent in the first half second then has its echo.
        """
        self.treatment.prepare(self._ends.capture)

    def say(self, text: str, language: str) -> None:
        """Speak a line of a typed voice; see ``TypedSource.say``.

        Raises:
            DeviceError: Nothing is said: ``typed_off`` when the voice is not typed or the
                microphone is off, or one of ``TypedSource.say``.
        """
        say(self._ends.capture, self.mic_on, text, language)

    @property
    def mic_on(self) -> bool:
        """Whether the microphone is switched on."""
        return self._switch.on

    def use_capture(self, capture: Capture) -> None:
        """Go on with another microphone; whether it is on stays as it is.

        Waits for the worker, 1 s at worst, and for the old device to close: not for an event
        loop.

        Args:
            capture: Belongs to the pipeline from now on.

        Raises:
            DeviceError: ``typed_only``, as at the start.
        """
        self.treatment.admit(capture)
        self._ends.use_capture(capture)
        if self.mic_on:
            self.prepare_mic()

    def use_playout(self, playout: Playout) -> None:
        """Go on with another loudspeaker; likewise.

        Args:
            playout: Belongs to the pipeline from now on.
        """
        self._ends.use_playout(playout)

    def set_volume(self, speaker: int, db: float) -> float:
        """Make a speaker louder or softer for us alone.

        Args:
            speaker: Number of the speaker, also of one who is silent yet.
            db: -30 to +12; beyond it the limit is taken.

        Returns:
            The volume that counts now.
        """
        return self._speakers.faders.set_volume(speaker, db)

    def set_muted(self, speaker: int, muted: bool) -> None:
        """Silence a speaker for us alone, or give the voice back."""
        self._speakers.faders.set_muted(speaker, muted)

    def volume_db(self, speaker: int) -> float:
        """How loud we made a speaker, -30 to +12 dB."""
        return self._speakers.faders.volume_db(speaker)

    def is_muted(self, speaker: int) -> bool:
        """Whether we silenced a speaker for us alone."""
        return self._speakers.faders.is_muted(speaker)

    def set_cues(self, cues: Iterable[Cue]) -> None:
        """Choose which cues may be heard; all of them at the start."""
        self._cues.choose(cues)

    @property
    def cues(self) -> tuple[Cue, ...]:
        """The cues that may be heard."""
        return self._cues.chosen

    def play_cue(self, cue: Cue) -> None:
        """Let a cue be heard by us, if it is not turned off. Nobody else hears it."""
        self._cues.play(cue)
        self._worker.wake()

    def put(self, speaker: int, payload: bytes, arrival_s: float) -> None:
        """Hand in an opened payload of a speaker; foreign bytes are counted and dropped."""
        self._speakers.put(speaker, payload, arrival_s)
        if self._ends.resting:
            self._worker.wake()

    def set_profile(self, name: str) -> None:
        """Pack what we say in another profile from the next payload on, without a gap.

        Args:
            name: See ``audio.codec.framer``. What the others say is taken in all at any time.

        Raises:
            KeyError: There is no such profile.
        """
        self._voice.profile = PROFILES[name]

    def set_low_delay(self, on: bool) -> None:
        """Choose between fewer holes and less delay in what the others say.

        Args:
            on: Keep no more than 50 ms back, even when packets are lost: for making music or
                talking over each other. The farthest copies then come too late.
        """
        self._speakers.longest_s = LOW_DELAY_S if on else MAX_DELAY_S

    @property
    def low_delay(self) -> bool:
        """What ``set_low_delay`` was last told."""
        return self._speakers.longest_s == LOW_DELAY_S

    def drop(self, speaker: int) -> None:
        """Forget a speaker."""
        self._speakers.drop(speaker)

    def levels(self) -> dict[int, float]:
        """Loudness of each speaker in dBFS, -96 to 0."""
        return self._speakers.levels()

    def speaking(self) -> set[int]:
        """Those who are heard speaking now."""
        return self._speakers.speaking()

    def speaker_stats(self, speaker: int) -> SpeakerStats:
        """How a speaker is heard."""
        return self._speakers.stats(speaker)

    def refused_at(self, speaker: int) -> float | None:
        """When sound of a speaker was last refused as none that we play, monotonic seconds."""
        return self._speakers.refused_at_s(speaker)

    def first_played(self, speaker: int) -> float | None:
        """When the first frame of a speaker reached the mixer, monotonic seconds."""
        return self._speakers.first_played_s(speaker)

    @property
    def mic_level_dbfs(self) -> float:
        """Loudness at our microphone, -96 to 0; while it is off, as the device hears it.

        A file or a tone stands still while it is off.
        """
        return self._voice.level_dbfs

    @property
    def mic_speaking(self) -> bool:
        """Whether a voice is heard at our microphone, also while it is off."""
        return self._voice.speaking

    @property
    def capture_name(self) -> str:
        """What the microphone is called."""
        return self._ends.capture.name

    @property
    def playout_name(self) -> str:
        """What the loudspeaker is called."""
        return self._ends.playout.name

    @property
    def devices_running(self) -> tuple[bool, bool]:
        """Whether microphone and loudspeaker are there now."""
        return self._ends.capture.running, self._ends.playout.running

    def counts(self) -> dict[str, int]:
        """Payloads sent, and everything that was dropped or failed since the start."""
        dropped = self._speakers.counts
        return {
            "payloads_sent": self.payloads_sent,
            "malformed": dropped.malformed,
            "crowded_out": dropped.crowded_out,
            "overflowed": dropped.overflowed,
            "failed": self._problems.failures + self._ends.failures,
            "capture_missed_ms": self._ends.capture.missed_ms,
            "playout_missed_ms": self._ends.playout.missed_ms,
        }

    def _round(self, now: float) -> float:
        """Do what is due; returns how long there will be nothing to do, in seconds."""
        if self._ends.take(now):
            self._silent_mic.opened()
        for end in (self._ends.capture, self._ends.playout):
            problem = end.check(now)
            if problem is not None:
                self._problems.tell(problem)
        self._listen(now)
        self._speak(now)
        nexts = (self._ends.capture.next_s(now), self._ends.playout.next_s(now))
        soonest = min(now + IDLE_S if at is None else at for at in nexts)
        return max(0.0, soonest - self._clock())

    def _listen(self, now: float) -> None:
        # Resting first, then looking: whoever hands something in from now on wakes us.
        self._ends.resting = True
        self._ends.resting = not (self.mic_on or self._cues.busy or not self._speakers.quiet)
        self._ends.playout.rest(on=self._ends.resting)
        for _ in range(self._ends.playout.wanted(now)):
            block = self._speakers.mix(now, self._cues.block())
            if self._voice.is_open and self._is_heard():
                self.treatment.hear(block)
            self._ends.playout.write(block)

    def _is_heard(self) -> bool:
        return self._ends.playout.running and not isinstance(self._ends.playout, NullPlayout)

    def _speak(self, now: float) -> None:
        self._follow_switch(now)
        self._ends.capture.rest(on=not self._voice.is_open)
        if not self._voice.is_open:
            self._overhear(now)
            return
        while (block := self._ends.capture.read(now)) is not None:
            if self.mic_on and self._ends.capture.is_microphone and self._silent_mic.update(block):
                self._problems.tell(mic_silent(self._ends.capture.name))
            payload = self._voice.add(self.treatment.clean(block, self._ends.capture))
            if self._switch.turned:
                self._follow_switch(now)
            elif payload is not None:
                self._send(payload)

    def _overhear(self, now: float) -> None:
        while (block := self._ends.capture.read(now)) is not None:
            self._voice.overhear(block)

    def _follow_switch(self, now: float) -> None:
        on = self._switch.follow()
        if on is None:
            return
        closing = self._voice.close()
        if closing is not None:
            self._send(closing)
        if on:
            self._ends.capture.rest(on=False)
            self._ends.capture.forget(now)
            self._silent_mic.opened()
            self._voice.open()
            self.treatment.opened()

    def _send(self, payload: bytes) -> None:
        self.payloads_sent += 1
        self._on_payload(payload)
