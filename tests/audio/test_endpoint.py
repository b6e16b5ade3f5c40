import threading
import time

import numpy as np
import pytest

from audio.capture.capture import DeviceCapture, capture_from
from audio.device.device_errors import DeviceError
from audio.endpoint import Ends
from audio.pcm import BLOCK_SAMPLES, silence
from audio.pipeline import Pipeline
from audio.playout.cues import tone_of
from audio.playout.playout import NullPlayout


class Ear(NullPlayout):
    """Keeps what it was given."""

    def __init__(self, name: str = "ear") -> None:
        super().__init__()
        self.name = name
        self.heard: list[np.ndarray] = []
        self.closed = 0

    def write(self, block):
        self.heard.append(block)

    def close(self):
        self.closed += 1


class Card:
    """A fake microphone that calls back every 10 ms and delivers the same block."""

    name = "fake card"
    ended = False

    def __init__(self, block: np.ndarray) -> None:
        self._block = block
        self.heard_s: float | None = None
        self.closed = threading.Event()

    def open(self, wanted, ring, wake):
        def call() -> None:
            while not self.closed.wait(0.01):
                ring.write(self._block)
                self.heard_s = time.monotonic()
                wake()

        threading.Thread(target=call, daemon=True).start()
        return self

    def close(self) -> None:
        self.closed.set()


class Run:
    def __init__(self, capture, playout=None) -> None:
        self.payloads: list[float] = []
        self.problems: list[DeviceError] = []
        self.pipeline = Pipeline(
            capture,
            playout or NullPlayout(),
            lambda _: self.payloads.append(time.monotonic()),
            self.problems.append,
        )

    def __enter__(self) -> "Run":
        self.pipeline.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.pipeline.stop()


def _until(condition, limit_s: float = 5.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.002)


def test_another_microphone_takes_over_while_we_talk():
    with Run(capture_from("tone:440")) as run:
        run.pipeline.set_mic(True)
        _until(lambda: len(run.payloads) > 10)
        run.pipeline.use_capture(capture_from("tone:880"))
        assert run.pipeline.capture_name == "tone 880 Hz"
        assert run.pipeline.mic_on
        count = len(run.payloads)
        _until(lambda: len(run.payloads) > count + 20)
    gaps = np.diff(run.payloads)
    assert gaps.max() < 0.5
    assert run.problems == []
    assert run.pipeline.counts()["failed"] == 0


def test_a_closed_microphone_stays_closed_when_it_is_changed():
    with Run(capture_from("tone:440")) as run:
        run.pipeline.use_capture(capture_from("tone:880"))
        time.sleep(0.1)
        assert not run.pipeline.mic_on
        assert run.payloads == []


def test_another_loudspeaker_takes_over_and_the_old_one_is_closed():
    first, second = Ear("one"), Ear("two")
    with Run(capture_from("silence"), first) as run:
        run.pipeline.set_mic(True)  # or nobody would hear anything, and it would rest
        _until(lambda: len(first.heard) > 3)
        run.pipeline.use_playout(second)
        assert run.pipeline.playout_name == "two"
        assert first.closed == 1
        count = len(first.heard)
        _until(lambda: len(second.heard) > 3)
        assert len(first.heard) == count
    assert second.closed >= 1


def test_devices_can_be_changed_before_the_start_and_after_the_end():
    run = Run(capture_from("silence"), Ear())
    early, late = Ear("early"), Ear("late")
    run.pipeline.use_playout(early)
    with run:
        run.pipeline.set_mic(True)
        _until(lambda: len(early.heard) > 1)
    assert early.closed
    run.pipeline.use_playout(late)
    assert late.closed


def test_changes_from_many_threads_end_with_one_open_device():
    ears = [Ear(str(place)) for place in range(12)]
    with Run(capture_from("silence"), Ear()) as run:
        threads = [
            threading.Thread(target=run.pipeline.use_playout, args=(ear,), daemon=True)
            for ear in ears
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert [ear.closed for ear in ears].count(0) == 1
    assert all(ear.closed for ear in ears)


def test_a_device_that_breaks_on_closing_is_counted_and_harms_nobody():
    class Broken(Ear):
        def close(self):
            raise OSError("gone")

    ends = Ends(capture_from("silence"), Broken(), lambda: None)
    ends.use_playout(Ear())
    assert ends.failures == 1


def test_a_worker_that_hangs_does_not_hold_the_caller_for_ever(monkeypatch):
    monkeypatch.setattr("audio.endpoint.TAKE_WAIT_S", 0.05)
    first = Ear()
    ends = Ends(capture_from("silence"), first, lambda: None)
    ends.take(0.0)
    ends.use_playout(Ear())
    assert first.closed == 1


def test_an_open_microphone_that_delivers_zeros_is_told_of_once(monkeypatch):
    monkeypatch.setattr("audio.capture.silentmic.DEAD_LIMIT_S", 0.1)
    card = Card(silence())
    with Run(DeviceCapture("default", card.open)) as run:
        time.sleep(0.3)
        assert run.problems == []
        run.pipeline.set_mic(True)
        _until(lambda: run.problems != [])
        time.sleep(0.3)
    assert [problem.code for problem in run.problems] == ["mic_silent"]


@pytest.mark.parametrize("source", ["silence", "hum"])
def test_wanted_silence_and_a_hum_are_no_problem(source, monkeypatch):
    monkeypatch.setattr("audio.capture.silentmic.DEAD_LIMIT_S", 0.1)
    hum = np.resize(np.array([9, -9], np.int16), BLOCK_SAMPLES)
    made = capture_from("silence") if source == "silence" else DeviceCapture("", Card(hum).open)
    with Run(made) as run:
        run.pipeline.set_mic(True)
        time.sleep(0.4)
    assert run.problems == []


def test_a_cue_reaches_the_ear_and_no_payload():
    ear = Ear()
    with Run(capture_from("silence"), ear) as run:
        run.pipeline.play_cue("live")
        _until(lambda: any(block.any() for block in ear.heard))
        time.sleep(0.2)
        assert run.payloads == []
        run.pipeline.set_cues(())
        run.pipeline.play_cue("lost")
        time.sleep(0.1)
        assert run.pipeline.cues == ()
    sound = np.concatenate([block for block in ear.heard if block.any()])
    assert np.array_equal(sound, tone_of("live"))


def test_a_volume_is_kept_for_someone_who_has_not_spoken_yet():
    run = Run(capture_from("silence"))
    assert run.pipeline.set_volume(3, 40.0) == 12.0
    run.pipeline.set_muted(3, True)
    assert (run.pipeline.volume_db(3), run.pipeline.is_muted(3)) == (12.0, True)
    run.pipeline.stop()
