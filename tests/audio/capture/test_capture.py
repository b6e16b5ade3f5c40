import time

import numpy as np
import pytest

from audio.capture.capture import DeviceCapture, SourceCapture, capture_from
from audio.capture.sources import ToneSource
from audio.device.device_errors import DeviceError
from audio.pcm import BLOCK_SAMPLES


class Card:
    """A microphone or loudspeaker whose callbacks the test makes."""

    name = "card"
    ended = False

    def __init__(self) -> None:
        self.heard_s = None
        self.closed = False

    def open(self, wanted, ring, wake):
        self.wanted, self.ring, self.wake = wanted, ring, wake
        return self

    def say(self, value: int, count: int = BLOCK_SAMPLES) -> None:
        self.ring.write(np.full(count, value, np.int16))
        self.heard_s = time.monotonic()
        self.wake()

    def close(self) -> None:
        self.closed = True


def _read_all(capture, now: float) -> list[int]:
    read = []
    while (block := capture.read(now)) is not None:
        assert block.shape == (BLOCK_SAMPLES,)
        read.append(int(block[0]))
    return read


def test_a_source_gives_a_block_per_10_ms_of_the_clock():
    capture = capture_from("tone:440")
    assert capture.name == "tone 440 Hz"
    assert capture.running
    counts = [len(_read_all(capture, 5.0 + tick * 0.001)) for tick in range(1000)]
    assert sum(counts) == 100
    assert max(counts) == 1
    assert capture.next_s(6.0) == pytest.approx(6.0, abs=0.011)
    assert capture.check(6.0) is None


def test_a_source_forgets_what_was_due():
    capture = SourceCapture(ToneSource(440.0))
    capture.read(0.0)
    capture.forget(0.15)
    assert capture.read(0.15) is None
    assert capture.read(0.161) is not None


def test_a_microphone_gives_whole_blocks_and_wakes_the_worker():
    card, woken = Card(), []
    capture = DeviceCapture("usb", card.open)
    capture.attach(lambda: woken.append(1))
    assert card.wanted == "usb"
    assert not capture.running
    assert capture.next_s(0.0) is None
    card.say(1, 300)
    assert capture.read(0.0) is None
    card.say(1, 300)
    assert _read_all(capture, 0.0) == [1]
    assert len(woken) == 2
    assert capture.running
    assert capture.name == "card"


def test_a_microphone_forgets_what_it_heard_before():
    card = Card()
    capture = DeviceCapture("default", card.open)
    card.say(1)
    capture.forget(0.0)
    card.say(2)
    assert _read_all(capture, 0.0) == [2]


def test_a_stalled_worker_gets_the_newest_30_ms_only():
    card = Card()
    capture = DeviceCapture("default", card.open)
    for value in range(10):
        card.say(value)
    assert _read_all(capture, 0.0) == [7, 8, 9]


def test_a_lost_microphone_is_told():
    card = Card()
    capture = DeviceCapture("default", card.open)
    card.say(1)
    assert capture.check(time.monotonic()) is None
    problem = capture.check(time.monotonic() + 4)
    assert problem is not None
    assert problem.code == "microphone_lost"
    capture.close()
    assert card.closed


def test_a_bad_source_is_refused_before_the_room_starts():
    with pytest.raises(DeviceError):
        capture_from("file:/no/such/file.wav")
