import threading
import time

import pytest

from audio.capture.capture import capture_from
from audio.capture.echo import EchoMode
from audio.capture.espeak import _wav
from audio.capture.mask import MaskMode
from audio.capture.treatment import Treatment
from audio.capture.typed import TypedCapture, TypedSource
from audio.codec.framer import unpack
from audio.device.device_errors import DeviceError
from audio.pipeline import Pipeline
from audio.playout.playout import NullPlayout
from tests.audio.voices import babble


class Microphone:
    is_microphone = True
    closed = False

    def close(self) -> None:
        self.closed = True


def test_a_tone_is_left_alone_and_loads_nothing():
    treatment = Treatment([].append)
    capture = capture_from("tone:440")
    block = capture.read(0.0) if capture.read(0.0) is not None else babble(1)[:480]
    assert treatment.clean(block, capture) is block
    assert treatment.parts(capture) == ()
    before = threading.active_count()
    treatment.prepare(capture)
    assert threading.active_count() == before


def test_a_microphone_is_treated():
    treatment = Treatment([].append)
    assert treatment.parts(Microphone()) == ("gain",)
    assert treatment.clean(babble(1)[:480], Microphone()).shape == (480,)
    assert Treatment([].append, process=False).parts(Microphone()) == ()


def test_a_disguise_applies_to_every_source():
    treatment = Treatment([].append, MaskMode.DISGUISE)
    capture = capture_from("silence")
    assert treatment.parts(capture) == ("mask",)
    assert treatment.mask is MaskMode.DISGUISE


def test_with_a_typed_voice_no_microphone_is_admitted():
    treatment = Treatment([].append, MaskMode.TYPED)
    microphone = Microphone()
    with pytest.raises(DeviceError) as caught:
        treatment.admit(microphone)
    assert caught.value.code == "typed_only"
    assert microphone.closed
    treatment.admit(TypedCapture(TypedSource(find=lambda: lambda text, voice: b"")))


def test_echo_can_be_chosen_at_any_time():
    treatment = Treatment([].append)
    assert treatment.echo is EchoMode.AUTO
    treatment.echo = EchoMode.OFF
    assert treatment.echo is EchoMode.OFF
    assert treatment.coupling_db is None


class Loudspeaker(NullPlayout):
    closed = False

    def close(self) -> None:
        self.closed = True


def mouth(text, voice):
    return _wav(babble(1.0)[::2].tobytes(), 24_000)


def test_a_pipeline_with_a_typed_voice_closes_a_microphone_that_it_is_given():
    microphone, speaker, problems = Microphone(), Loudspeaker(), []
    with pytest.raises(DeviceError):
        Pipeline(
            microphone,
            speaker,
            problems.append,
            problems.append,
            treatment=Treatment(problems.append, MaskMode.TYPED),
        )
    assert microphone.closed
    assert speaker.closed


def test_a_typed_line_is_sent_while_the_microphone_is_on():
    sent, problems = [], []
    typed = TypedCapture(TypedSource(find=lambda: mouth))
    pipeline = Pipeline(
        typed,
        NullPlayout(),
        lambda payload: sent.append(unpack(payload).speaking),
        problems.append,
        treatment=Treatment(problems.append, MaskMode.TYPED),
    )
    pipeline.start()
    try:
        with pytest.raises(DeviceError):
            pipeline.say("early", "en")
        pipeline.set_mic(True)
        end = time.monotonic() + 5
        while not sent:
            assert time.monotonic() < end
            time.sleep(0.01)
        pipeline.say("hello", "en")
        while not any(sent):
            assert time.monotonic() < end
            time.sleep(0.01)
        with pytest.raises(DeviceError):
            pipeline.use_capture(Microphone())
    finally:
        pipeline.stop()
    assert problems == []
