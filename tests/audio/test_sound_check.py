import time

import numpy as np
import pytest

from audio.capture.capture import SourceCapture, capture_from
from audio.capture.sources import SilenceSource
from audio.device_check import chirps, loop_latency_ms
from audio.pcm import RATE_HZ, silence
from audio.playout.playout import NullPlayout
from audio.sound_check import START_LIMIT_S, SoundCheck


class Wire:
    """What is played is heard ``blocks`` later; time passes only where the check waits."""

    name = "wire"

    def __init__(self, blocks: int = 5) -> None:
        self.now = 10.0
        self.kept = [silence() for _ in range(blocks)]

    def read(self):
        return self.kept.pop(0) if self.kept else silence()

    def close(self):
        self.kept.clear()

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += max(seconds, 0.001)


class Out(NullPlayout):
    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire
        self.running = True
        self.closed = False

    def write(self, block):
        self._wire.kept.append(block.copy())

    def close(self):
        self.closed = True


def _check(wire: Wire) -> tuple[SoundCheck, Out]:
    out = Out(wire)
    return SoundCheck(SourceCapture(wire), out, wire.clock, wire.wait), out


def test_what_was_played_is_heard_whole_and_its_delay_is_known():
    hands, _ = _check(Wire(blocks=12))
    assert hands.start()
    sound = chirps()
    take = hands.take(len(sound) / RATE_HZ, sound)
    assert len(take.heard) == len(sound)
    assert loop_latency_ms(take.heard, take.heard_later_s) == pytest.approx(120, abs=15)
    assert (take.underrun_ms, take.missed_ms) == (0, 0)


def test_after_the_sound_there_is_silence():
    wire = Wire(blocks=0)
    hands, _ = _check(wire)
    hands.take(0.5, np.full(4800, 1000, np.int16))
    assert not hands.take(0.3).heard.any()


def test_levels_are_told_block_by_block():
    hands, _ = _check(Wire())
    levels: list[float] = []
    hands.take(0.25, on_level=levels.append)
    assert len(levels) == 25


def test_a_device_that_never_runs_is_given_up():
    wire = Wire()
    hands, out = _check(wire)
    out.running = False
    began = wire.now
    assert not hands.start()
    assert wire.now - began == pytest.approx(START_LIMIT_S, abs=0.1)


def test_a_microphone_that_delivers_nothing_ends_the_recording():
    class Deaf(SourceCapture):
        def read(self, now):
            return None

    wire = Wire()
    hands = SoundCheck(Deaf(SilenceSource()), Out(wire), wire.clock, wire.wait)
    assert len(hands.take(1.0).heard) == 0


def test_both_devices_are_closed():
    wire = Wire(3)
    hands, out = _check(wire)
    hands.close()
    assert wire.kept == []
    assert out.closed


def test_on_a_real_clock_it_records_as_long_as_it_takes():
    hands = SoundCheck(capture_from("tone:440"), NullPlayout())
    began = time.monotonic()
    take = hands.take(0.3)
    assert len(take.heard) == 0.3 * RATE_HZ
    assert take.heard.any()
    assert 0.2 < time.monotonic() - began < 2
