"""The voices of the others: what the network hands in at any time leaves mixed every 10 ms."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from audio.codec.framer import PAYLOAD_SIZES, unpack
from audio.codec.opus import Decoder
from audio.errors import PayloadError
from audio.faders import Faders
from audio.level import WINDOW_BLOCKS
from audio.mixer import MAX_VOICES, Mixer
from audio.pcm import Pcm
from audio.playout.jitter import JitterBuffer
from audio.playout.lateness import MAX_DELAY_S
from audio.playout.loudness import Loudness

QUIET_BLOCKS = 50
"""Rounds in which nobody plays until all meters have come to rest: 0.5 s."""
INBOX_PAYLOADS = 64
"""Most payloads of one speaker that wait for the worker: 1.3 s of sound, in one 10 ms round."""


class SpeakerStats(TypedDict):
    """How one speaker is heard.

    Attributes:
        concealed_pct: Share of the time that had to be invented, 0 to 100.
        delay_ms: What the jitter buffer holds back.
        target_ms: What it aims to hold back.
        level_dbfs: Loudness now, -96 to 0.
        played: Frames that were decoded, from their own payload or from a copy.
        refused: Payloads that no framer writes, and frames that the decoder does not take.
    """

    concealed_pct: float
    delay_ms: float
    target_ms: float
    level_dbfs: float
    played: int
    refused: int


@dataclass(slots=True)
class SpeakersCounts:
    """What was dropped since the start.

    Attributes:
        malformed: Payloads of the wrong size or with bytes that no framer writes.
        crowded_out: Payloads of a speaker beyond the 16th.
        overflowed: Payloads that did not fit in an inbox.
        failed: Times that a speaker's decoding broke and was begun anew.
    """

    malformed: int = 0
    crowded_out: int = 0
    overflowed: int = 0
    failed: int = 0


class _Speaker:
    def __init__(self) -> None:
        self.inbox: deque[tuple[bytes, float]] = deque()
        self.loudness = Loudness()
        self.jitter: JitterBuffer | None = None
        self.first_played_s: float | None = None
        self.played_before = 0
        self.garbage = 0
        self.longest_s = MAX_DELAY_S
        self.refused = 0
        self.refused_at_s: float | None = None
        self.silent = True

    def take_in(self, now: float, longest_s: float) -> int:
        """Sort in what waits; returns how many payloads were malformed."""
        malformed = 0
        for _ in range(len(self.inbox)):
            payload, arrival_s = self.inbox.popleft()
            try:
                packet = unpack(payload)
            except PayloadError:
                malformed += 1
                continue
            if self.jitter is None:
                self.jitter = JitterBuffer(Decoder())
            self.jitter.put(packet, arrival_s)
        if self.jitter is not None and longest_s != self.longest_s:
            self.jitter.limit(longest_s)
            self.longest_s = longest_s
        if malformed:
            self._refuse(malformed, now)
        return malformed

    def block(self, now: float) -> Pcm | None:
        """The next 10 ms, None for sure silence."""
        jitter = self.jitter
        if jitter is None or (self.silent and jitter.idle):
            return None
        block = jitter.get(now)
        garbage = jitter.counts.garbage
        if garbage > self.garbage:
            self._refuse(garbage - self.garbage, now)
            self.garbage = garbage
        if self.first_played_s is None and self.played:
            self.first_played_s = now
        return block

    def _refuse(self, count: int, now: float) -> None:
        self.refused += count
        self.refused_at_s = now

    @property
    def played(self) -> int:
        if self.jitter is None:
            return self.played_before
        return self.played_before + self.jitter.counts.played + self.jitter.counts.copied

    def begin_anew(self) -> None:
        self.played_before = self.played
        self.jitter, self.garbage, self.longest_s = None, 0, MAX_DELAY_S


class Speakers:
    """At most 16 voices. ``put`` and ``drop`` are for any thread, ``mix`` for the worker.

    Args:
        on_failure: Called by ``mix`` when a speaker's decoding broke.

    Attributes:
        faders: How loud each of them is for us; meters show what was sent all the same, before
            the gain that makes all voices equally loud.
        longest_s: Most delay that a jitter buffer aims at, for any thread to change.
        counts: What was dropped.
    """

    def __init__(self, on_failure: Callable[[Exception], None]) -> None:
        self._on_failure = on_failure
        self._lock = threading.Lock()
        self._speakers: dict[int, _Speaker] = {}
        self._mixer = Mixer()
        self.faders = Faders()
        self.longest_s = MAX_DELAY_S
        self.counts = SpeakersCounts()
        self._quiet_blocks = QUIET_BLOCKS
        self._window_blocks = 0

    def put(self, speaker: int, payload: bytes, arrival_s: float) -> None:
        """Hand in what was opened; never blocks for long, never raises.

        Args:
            speaker: Number of the speaker.
            payload: A framer's payload; foreign bytes are counted and dropped.
            arrival_s: When its datagram arrived, monotonic seconds.
        """
        if len(payload) not in PAYLOAD_SIZES:
            self.counts.malformed += 1
            return
        with self._lock:
            known = self._speakers.get(speaker)
            if known is None:
                if len(self._speakers) >= MAX_VOICES:
                    self.counts.crowded_out += 1
                    return
                known = self._speakers[speaker] = _Speaker()
            if len(known.inbox) >= INBOX_PAYLOADS:
                self.counts.overflowed += 1
                return
            known.inbox.append((payload, arrival_s))

    def drop(self, speaker: int) -> None:
        """Forget a speaker and what waits to be played."""
        with self._lock:
            self._speakers.pop(speaker, None)

    @property
    def quiet(self) -> bool:
        """Whether nobody has been heard for a while, and nothing waits to be. Worker only."""
        if self._quiet_blocks < QUIET_BLOCKS:
            return False
        return not any(speaker.inbox for _, speaker in self._snapshot())

    def mix(self, now: float, beside: Pcm | None = None) -> Pcm:
        """The next 10 ms of all speakers together.

        Args:
            now: Monotonic seconds; each call plays on by one block.
            beside: Sound for our own ear, mixed with theirs.
        """
        everybody = self._snapshot()
        self._sort_in(everybody, now)
        heard = self._gather(everybody, now)
        for (_, speaker), power in zip(heard, self._mixer.powers() if heard else (), strict=True):
            if power:
                speaker.loudness.add(power)
            speaker.silent = not power
        self._window_blocks += 1
        if self._window_blocks == WINDOW_BLOCKS:
            self._window_blocks = 0
            self._measure(everybody, heard)
        if self.faders.touched:
            self._turn_for_us([number for number, _ in heard])
        return self._mixer.mix(beside)

    def _measure(
        self, everybody: list[tuple[int, _Speaker]], heard: list[tuple[int, _Speaker]]
    ) -> None:
        changes = {number: speaker.loudness.window() for number, speaker in everybody}
        for voice, (number, _) in enumerate(heard):
            gains = changes[number]
            if gains is not None:
                self._mixer.turn(voice, gains)

    def _turn_for_us(self, numbers: list[int]) -> None:
        for voice, number in enumerate(numbers):
            gains = self.faders.gains(number)
            if gains is not None:
                self._mixer.turn(voice, gains)

    def _sort_in(self, everybody: list[tuple[int, _Speaker]], now: float) -> None:
        # All of them before any is decoded: a codec leaves nothing of ours in the caches.
        for _, speaker in everybody:
            if speaker.inbox:
                try:
                    self.counts.malformed += speaker.take_in(now, self.longest_s)
                except Exception as error:
                    self._broke(speaker, error)

    def _gather(
        self, everybody: list[tuple[int, _Speaker]], now: float
    ) -> list[tuple[int, _Speaker]]:
        """Begin a round with the next 10 ms of all that are heard; returns them in its order."""
        heard = []
        for number, speaker in everybody:
            try:
                block = speaker.block(now)
            except Exception as error:
                self._broke(speaker, error)
                block = None
            if block is not None:
                self._mixer.add(block, speaker.loudness.factor)
                heard.append((number, speaker))
            else:
                speaker.silent = True
        self._quiet_blocks = 0 if heard else self._quiet_blocks + 1
        return heard

    def _broke(self, speaker: _Speaker, error: Exception) -> None:
        # One speaker's payloads may break that speaker's sound, never the others'.
        self.counts.failed += 1
        speaker.begin_anew()
        self._on_failure(error)

    def levels(self) -> dict[int, float]:
        """Loudness of each speaker in dBFS, -96 to 0."""
        return {number: speaker.loudness.meter.level_dbfs for number, speaker in self._snapshot()}

    def speaking(self) -> set[int]:
        """Those in whose sound there is a voice now."""
        return {number for number, speaker in self._snapshot() if speaker.loudness.meter.speaking}

    def first_played_s(self, speaker: int) -> float | None:
        """When the first frame of a speaker reached the mixer; None before that."""
        with self._lock:
            known = self._speakers.get(speaker)
        return None if known is None else known.first_played_s

    def refused_at_s(self, speaker: int) -> float | None:
        """When something of a speaker was last refused that was to be played; None for never."""
        with self._lock:
            known = self._speakers.get(speaker)
        return None if known is None else known.refused_at_s

    def stats(self, speaker: int) -> SpeakerStats:
        """How a speaker is heard; zeros and silence for one that is unknown."""
        with self._lock:
            known = self._speakers.get(speaker) or _Speaker()
        jitter = known.jitter
        return {
            "concealed_pct": 0.0 if jitter is None else jitter.concealed_pct,
            "delay_ms": 0.0 if jitter is None else jitter.delay_ms,
            "target_ms": 0.0 if jitter is None else jitter.target_ms,
            "level_dbfs": known.loudness.meter.level_dbfs,
            "played": known.played,
            "refused": known.refused,
        }

    def _snapshot(self) -> list[tuple[int, _Speaker]]:
        with self._lock:
            return list(self._speakers.items())
