"""Plays and records at the same time, outside of any room: the hands of ``audio.device_check``."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from audio.capture.capture import Capture
from audio.level import dbfs
from audio.pcm import BLOCK_S, BLOCK_SAMPLES, RATE_HZ, Pcm, silence
from audio.playout.playout import Playout

GRACE_S = 2.0
"""How much longer than asked for a recording may take before it is cut short."""
START_LIMIT_S = 5.0
LONGEST_WAIT_S = 0.05


@dataclass(frozen=True, slots=True)
class Take:
    """A recording, and when it began.

    Attributes:
        heard: int16; shorter than asked for if the microphone stopped.
        heard_later_s: How much later it began than the playing.
        underrun_ms: How long the loudspeaker had nothing to play.
        missed_ms: How much of the microphone was lost.
    """

    heard: Pcm
    heard_later_s: float
    underrun_ms: int
    missed_ms: int


class SoundCheck:
    """A microphone and a loudspeaker without anyone at the other end.

    Args:
        capture: Belongs to the check; ``close`` closes it.
        playout: Likewise.
        clock: Monotonic seconds.
        wait: Sleeps at most that many seconds; None: until a device calls back.
    """

    def __init__(
        self,
        capture: Capture,
        playout: Playout,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] | None = None,
    ) -> None:
        self._capture = capture
        self._playout = playout
        self._clock = clock
        self._called = threading.Event()
        self._wait = wait or self._until_called
        capture.attach(self._called.set)
        playout.attach(self._called.set)

    def start(self) -> bool:
        """Wait until both devices run, 5 s at most; returns whether they do."""
        end_s = self._clock() + START_LIMIT_S
        while not (self._capture.running and self._playout.running):
            if self._clock() >= end_s:
                return False
            self._turn(silence(0), [], [])
        return True

    def take(
        self,
        seconds: float,
        out: Pcm | None = None,
        on_level: Callable[[float], None] | None = None,
    ) -> Take:
        """Record, and play meanwhile.

        Args:
            seconds: How long to record.
            out: What to play from the beginning on; silence follows.
            on_level: Called with the level of each block heard, dBFS.
        """
        now = self._clock()
        self._capture.forget(now)
        underrun_ms, missed_ms = self._playout.missed_ms, self._capture.missed_ms
        rest = silence(0) if out is None else out
        heard: list[Pcm] = []
        read_s: list[float] = []
        written_s: list[float] = []
        end_s = now + seconds + GRACE_S
        wanted = round(seconds / BLOCK_S)
        while len(heard) < wanted and self._clock() < end_s:
            before = len(heard)
            rest = self._turn(rest, heard, written_s)
            read_s += [self._clock()] * (len(heard) - before)
            if on_level is not None and len(heard) > before:
                on_level(dbfs(heard[-1]))
        whole = np.concatenate(heard[:wanted]) if heard else silence(0)
        for piece in heard:  # who erases the recording must not leave a second one behind
            piece.fill(0)
        return Take(
            whole,
            _began_s(read_s) - BLOCK_S - _began_s(written_s),
            self._playout.missed_ms - underrun_ms,
            self._capture.missed_ms - missed_ms,
        )

    def close(self) -> None:
        """Let go of both devices."""
        self._capture.close()
        self._playout.close()

    def _turn(self, rest: Pcm, heard: list[Pcm], written_s: list[float]) -> Pcm:
        """Do what is due, then sleep; returns what is left to play."""
        now = self._clock()
        self._capture.check(now)
        self._playout.check(now)
        for _ in range(self._playout.wanted(now)):
            block = silence()
            block[: min(len(rest), BLOCK_SAMPLES)] = rest[:BLOCK_SAMPLES]
            rest = rest[BLOCK_SAMPLES:]
            self._playout.write(block)
            written_s.append(now)
        while (sound := self._capture.read(now)) is not None:
            heard.append(sound)
        nexts = [at for at in (self._capture.next_s(now), self._playout.next_s(now)) if at]
        self._wait(max(0.0, min([LONGEST_WAIT_S, *(at - self._clock() for at in nexts)])))
        return rest

    def _until_called(self, seconds: float) -> None:
        self._called.wait(seconds)
        self._called.clear()


def _began_s(times_s: list[float]) -> float:
    """When a steady stream of blocks began, from all of their times; 0 without any."""
    if not times_s:
        return 0.0
    steady = np.asarray(times_s) - np.arange(len(times_s)) * BLOCK_SAMPLES / RATE_HZ
    return float(np.median(steady))
