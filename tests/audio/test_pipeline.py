import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from audio.capture.capture import DeviceCapture, SourceCapture, capture_from
from audio.capture.sources import ToneSource
from audio.codec.framer import PAYLOAD_BYTES, PROFILES, unpack
from audio.codec.opus import Decoder
from audio.device.device_errors import DeviceError
from audio.pcm import silence
from audio.pipeline import Pipeline
from audio.playout.playout import DevicePlayout, NullPlayout


class Talk:
    """A pipeline with its own payloads handed back to it as speaker 7."""

    def __init__(self, capture=None, playout=None, on_payload=None) -> None:
        self.payloads: list[tuple[float, bytes]] = []
        self.problems: list[DeviceError] = []
        self.pipeline = Pipeline(
            capture or capture_from("tone:440"),
            playout or NullPlayout(),
            on_payload or self._on_payload,
            self.problems.append,
        )

    def _on_payload(self, payload: bytes) -> None:
        now = time.monotonic()
        self.payloads.append((now, payload))
        self.pipeline.put(7, payload, now)

    def __enter__(self) -> "Talk":
        self.pipeline.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.pipeline.stop()


def _until(condition, limit_s: float = 5.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.002)


class Card:
    """A fake sound card: a thread that calls back every 10 ms until it is pulled."""

    ended = False
    name = "card"

    def __init__(self, direction: str) -> None:
        self.direction = direction
        self.heard: list[np.ndarray] = []
        self.opened = 0
        self.present = True
        self._plugged = threading.Event()

    def open(self, wanted, ring, wake):
        if not self.present:
            raise DeviceError("no_microphone", "no microphone was found")
        self.opened += 1
        self.heard_s = None
        self._plugged = threading.Event()
        threading.Thread(target=self._call, args=(ring, wake, self._plugged), daemon=True).start()
        return self

    def pull(self) -> None:
        self.present = False
        self._plugged.set()

    def close(self) -> None:
        self._plugged.set()

    def _call(self, ring, wake, pulled: threading.Event) -> None:
        source = ToneSource(440.0)
        while not pulled.wait(0.01):
            if self.direction == "input":
                ring.write(source.read())
            else:
                out = np.zeros(480, np.int16)
                ring.read_into(out)
                self.heard.append(out)
            self.heard_s = time.monotonic()
            wake()


def test_importing_the_pipeline_loads_no_sound_library():
    script = (
        "import sys, audio.pipeline, audio.capture.capture, audio.playout.playout;"
        "print([m for m in ('sounddevice', 'miniaudio', 'av') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_muted_microphone_sends_nothing_and_is_metered():
    with Talk(DeviceCapture("default", Card("input").open)) as talk:
        _until(lambda: talk.pipeline.mic_speaking)
        assert talk.pipeline.mic_level_dbfs == pytest.approx(-20, abs=0.5)
        assert talk.payloads == []
        assert not talk.pipeline.mic_on


class CountedPlayout(NullPlayout):
    """Counts the rounds of the worker."""

    rounds = 0

    def check(self, now: float):
        self.rounds += 1


def _rounds_in_a_second(playout: CountedPlayout) -> int:
    before = playout.rounds
    time.sleep(1.0)
    return playout.rounds - before


def test_the_worker_sleeps_while_nobody_speaks_and_the_microphone_is_closed():
    playout = CountedPlayout()
    with Talk(playout=playout) as talk:
        assert _rounds_in_a_second(playout) <= 4
        talk.pipeline.set_mic(True)
        _until(lambda: talk.pipeline.speaking() == {7})
        talk.pipeline.set_mic(False)
        _until(lambda: talk.pipeline._ends.resting)
        assert talk.pipeline.levels() == {7: -96.0}
        assert not talk.pipeline.mic_speaking
        assert _rounds_in_a_second(playout) <= 4


def test_a_closed_microphone_is_listened_to_ten_times_a_second_while_others_speak():
    looks = []

    class Mic(DeviceCapture):
        def read(self, now: float):
            block = super().read(now)
            if block is not None:
                looks.append(now)
            return block

    with Talk(Mic("default", Card("input").open)) as talk, Talk() as other:
        other.pipeline.set_mic(True)
        began_s = time.monotonic()
        while time.monotonic() < began_s + 1.0:
            time.sleep(0.02)
            talk.pipeline.put(8, other.payloads[-1][1] if other.payloads else b"", 0.0)
        assert 3 <= len(set(looks)) <= 12


def test_who_speaks_wakes_a_loudspeaker_that_rested_and_nothing_counts_as_missed():
    mic, speaker = Card("input"), Card("output")
    talk = Talk(DeviceCapture("default", mic.open), DevicePlayout("default", speaker.open))
    with talk, Talk() as other:
        time.sleep(1.0)
        assert talk.pipeline._ends.resting
        assert talk.pipeline.counts()["playout_missed_ms"] == 0
        assert talk.pipeline.counts()["capture_missed_ms"] == 0
        other.pipeline.set_mic(True)
        _until(lambda: len(other.payloads) > 10)
        began_s = time.monotonic()
        for _, payload in other.payloads[:10]:
            talk.pipeline.put(8, payload, time.monotonic())
            time.sleep(0.02)
        _until(lambda: any(block.any() for block in speaker.heard))
        assert time.monotonic() - began_s < 0.5


def test_a_cue_is_heard_at_once_while_the_loudspeaker_rests():
    speaker = Card("output")
    with Talk(capture_from("silence"), DevicePlayout("default", speaker.open)) as talk:
        time.sleep(0.2)
        assert talk.pipeline._ends.resting
        talk.pipeline.play_cue("stage")
        _until(lambda: any(block.any() for block in speaker.heard), 0.5)


def test_an_open_microphone_is_paced_by_the_clock_and_heard():
    with Talk() as talk:
        talk.pipeline.set_mic(True)
        began_s = time.monotonic()
        time.sleep(1.0)
        count, seconds = len(talk.payloads), time.monotonic() - began_s
        _until(lambda: talk.pipeline.speaking() == {7})
        talk.pipeline.set_mic(False)
        assert count == pytest.approx(50 * seconds, abs=3)
        assert {len(payload) for _, payload in talk.payloads} == {PAYLOAD_BYTES}
        assert talk.pipeline.levels()[7] == pytest.approx(-20, abs=1.5)
        assert talk.pipeline.speaker_stats(7)["played"] > 40
        first = talk.pipeline.first_played(7)
        assert first is not None
        assert 0 < first - talk.payloads[0][0] < 0.15
        assert talk.pipeline.counts()["payloads_sent"] >= count
        assert talk.problems == []


def test_a_room_goes_from_table_to_hall_and_back_while_the_microphone_is_open():
    with Talk() as talk:
        talk.pipeline.set_mic(True)
        sizes = {profile.name: profile.payload_bytes for profile in PROFILES.values()}
        for name in ("table", "hall", "table"):
            talk.pipeline.set_profile(name)
            begin = len(talk.payloads)
            _until(lambda begin=begin: len(talk.payloads) > begin + 5)
            assert len(talk.payloads[-1][1]) == sizes[name]
        talk.pipeline.set_mic(False)
        numbers = [n for _, payload in talk.payloads for n in unpack(payload).numbers]
        assert numbers == list(range(len(numbers)))
        talk.pipeline.set_low_delay(True)
        talk.pipeline.set_low_delay(False)
        with pytest.raises(KeyError):
            talk.pipeline.set_profile("stadium")


def test_mute_takes_effect_within_10_ms():
    late_ms = []
    with Talk() as talk:
        for _ in range(20):
            talk.pipeline.set_mic(True)
            time.sleep(0.055)
            before = len(talk.payloads)
            talk.pipeline.set_mic(False)
            muted_s = time.monotonic()
            time.sleep(0.06)
            assert before > 0
            sent = talk.payloads[before:]
            late_ms.append(max(1000 * (at - muted_s) for at, _ in sent))
            # At most one that was on its way, and the silent one that marks the pause.
            assert len(sent) <= 2
            assert unpack(talk.payloads[-1][1]).last
    # A busy machine may let the worker wait: the program itself takes well under 10 ms.
    assert sorted(late_ms)[-3] < 10


def test_a_frame_that_was_being_encoded_while_the_switch_went_off_stays_here():
    class Nervous(SourceCapture):
        reads = 0

        def read(self, now: float):
            self.reads += 1
            if self.reads == 4:
                talk.pipeline.set_mic(False)
            return super().read(now)

    talk = Talk(Nervous(ToneSource(440.0)))
    talk.pipeline.set_mic(True)
    for tick in range(8):
        talk.pipeline._round(100.0 + tick * 0.01)
    assert [unpack(payload).last for _, payload in talk.payloads] == [True]


def test_what_was_said_before_the_switch_went_on_is_never_sent():
    card = Card("input")
    talk = Talk(DeviceCapture("default", card.open))
    card.pull()
    time.sleep(0.03)
    ring = talk.pipeline._ends.capture._ring
    ring.clear()
    ring.write(ToneSource(440.0, level_dbfs=-6.0).read())
    talk.pipeline.set_mic(True)
    talk.pipeline._round(time.monotonic())
    for _ in range(2):
        ring.write(silence())
        talk.pipeline._round(time.monotonic())
    (payload,) = [payload for _, payload in talk.payloads]
    assert abs(Decoder().decode(unpack(payload).frames[0]).astype(int)).max() < 50


def test_off_and_on_at_once_is_a_pause():
    with Talk() as talk:
        talk.pipeline.set_mic(True)
        _until(lambda: len(talk.payloads) > 5)
        talk.pipeline.set_mic(False)
        talk.pipeline.set_mic(True)
        talk.pipeline.set_mic(True)
        count = len(talk.payloads)
        _until(lambda: len(talk.payloads) > count + 5)
        lasts = [unpack(payload).last for _, payload in talk.payloads]
        assert lasts.count(True) == 1
        seqs = [unpack(payload).seq for _, payload in talk.payloads]
        assert seqs == list(range(len(seqs)))


def test_hostile_payloads_are_counted_and_the_room_goes_on():
    with Talk() as talk:
        talk.pipeline.set_mic(True)
        for speaker in range(40):
            for size in (0, 10, 155, 157, 5000):
                talk.pipeline.put(speaker, bytes(size), time.monotonic())
            talk.pipeline.put(speaker, bytes([255]) * PAYLOAD_BYTES, time.monotonic())
        _until(lambda: talk.pipeline.counts()["malformed"] >= 200 + 16)
        assert talk.pipeline.counts()["crowded_out"] >= 24
        for speaker in range(40):
            talk.pipeline.drop(speaker)
        _until(lambda: talk.pipeline.speaking() == {7})
        assert talk.problems == []


def test_an_unexpected_exception_is_reported_and_the_worker_goes_on():
    broken = threading.Event()
    payloads = []

    def on_payload(payload: bytes) -> None:
        if broken.is_set():
            raise RuntimeError("a bug")
        payloads.append(payload)

    with Talk(on_payload=on_payload) as talk:
        talk.pipeline.set_mic(True)
        _until(lambda: len(payloads) > 3)
        broken.set()
        _until(lambda: talk.pipeline.counts()["failed"] > 5)
        broken.clear()
        count = len(payloads)
        _until(lambda: len(payloads) > count + 3)
        assert [problem.code for problem in talk.problems] == ["sound_failed"]
        assert "RuntimeError, test_pipeline.py:" in talk.problems[0].message


def test_a_listener_of_problems_that_fails_does_not_stop_the_worker():
    def fail(_: object) -> None:
        raise RuntimeError("a bug")

    pipeline = Pipeline(capture_from("silence"), NullPlayout(), fail, fail)
    pipeline.start()
    pipeline.set_mic(True)
    _until(lambda: pipeline.counts()["failed"] > 5)
    assert pipeline._worker.alive
    pipeline.stop()
    assert not pipeline._worker.alive


def test_a_card_that_is_pulled_out_comes_back_and_the_room_goes_on():
    mic, speaker = Card("input"), Card("output")
    talk = Talk(DeviceCapture("default", mic.open), DevicePlayout("default", speaker.open))
    with talk:
        talk.pipeline.set_mic(True)
        _until(lambda: any(block.any() for block in speaker.heard))
        assert talk.pipeline.devices_running == (True, True)
        assert (talk.pipeline.capture_name, talk.pipeline.playout_name) == ("card", "card")
        mic.pull()
        speaker.pull()
        _until(lambda: len(talk.problems) == 2)
        assert {problem.code for problem in talk.problems} == {"microphone_lost", "speaker_lost"}
        assert talk.pipeline.devices_running == (False, False)
        mic.present = speaker.present = True
        count = len(talk.payloads)
        _until(lambda: len(talk.payloads) > count + 10)
        _until(lambda: speaker.opened == 2)
        speaker.heard.clear()
        _until(lambda: any(block.any() for block in speaker.heard))
        assert len(talk.problems) == 2


def test_stop_can_be_called_at_any_time_and_twice():
    class Watched(SourceCapture):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    capture = Watched(ToneSource(440.0))
    talk = Talk(capture)
    talk.pipeline.stop()
    talk.pipeline.stop()
    assert capture.closed == 1
    running = Talk(Watched(ToneSource(440.0)))
    with running:
        running.pipeline.start()
        running.pipeline.stop()
    running.pipeline.put(1, bytes(PAYLOAD_BYTES), 0.0)


def _cpu_share(talk: Talk, speakers: range) -> float:
    """How much of a core a second costs in which these speak."""
    payloads = talk.payloads
    began_s, cpu_s = time.monotonic(), time.process_time()
    done = len(payloads)
    while time.monotonic() - began_s < 1.0:
        if len(payloads) > done:
            for speaker in speakers:
                talk.pipeline.put(speaker, payloads[done][1], time.monotonic())
            done += 1
        time.sleep(0.002)
    return (time.process_time() - cpu_s) / (time.monotonic() - began_s)


def test_sixteen_speakers_cost_far_less_than_sixteen_times_one():
    """How much that is, `bench/client_cpu.py` says: it hangs on the machine."""
    with Talk() as talk:
        talk.pipeline.set_mic(True)
        _until(lambda: len(talk.payloads) > 3)
        one = _cpu_share(talk, range(100, 101))
        many = _cpu_share(talk, range(100, 115))
        assert len(talk.pipeline.speaking()) == 16
        print(f"{one:.1%} and {many:.1%} of a core")
        assert many < 5 * one
