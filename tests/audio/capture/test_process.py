import numpy as np
import pytest

from audio.capture.echo import EchoMode
from audio.capture.process import Processor
from audio.capture.rnnoise import RnnoiseMissingError
from audio.capture.webrtc import WebrtcMissingError
from audio.gain import TARGET_DBFS
from audio.mixer import CEILING
from tests.audio.voices import active_dbfs, babble, blocks


class Canceller:
    """Passes sound on, and breaks when told to."""

    made: list[dict]

    def __init__(self, **wanted) -> None:
        self.wanted = wanted
        self.heard = 0
        self.broken = False

    def hear(self, block) -> None:
        self.heard += 1
        if self.broken:
            raise RuntimeError

    def clean(self, block):
        if self.broken:
            raise RuntimeError
        return block


class Denoiser:
    def __init__(self, answer=None) -> None:
        self.answer = answer

    def clean(self, samples):
        return samples if self.answer is None else self.answer, 1.0


class Mask:
    delay_blocks = 3
    broken = False

    def process(self, samples):
        if self.broken:
            raise RuntimeError
        return -samples


def missing(error):
    def make(**_):
        raise error

    return make


def processor(problems, *, mask=None, canceller=None, denoiser=None, echo=EchoMode.ON):
    made = Processor(
        problems.append,
        mask,
        echo,
        canceller or Canceller,
        denoiser or missing(RnnoiseMissingError()),
    )
    made.load()
    return made


def test_a_soft_voice_comes_out_at_the_one_level():
    problems = []
    voice = processor(problems)
    out = np.concatenate([voice.clean(block) for block in blocks(babble(15, -40))])
    assert active_dbfs(out[-5 * 48_000 :]) == pytest.approx(TARGET_DBFS, abs=2)
    assert voice.parts == ("echo", "noise", "gain")
    assert 15 < voice.gain_db <= 24
    assert problems == []


def test_without_libraries_it_says_what_is_missing_once_and_works():
    problems = []
    voice = processor(problems, canceller=missing(WebrtcMissingError()))
    out = [voice.clean(block) for block in blocks(babble(2))]
    assert np.concatenate(out).any()
    assert [problem.code for problem in problems] == ["no_processing"]
    assert "no noise reduction" in problems[0].message
    assert voice.parts == ("gain",)


@pytest.mark.parametrize("in_hear", [True, False])
def test_an_echo_canceller_that_throws_is_turned_off_and_the_voice_goes_on(in_hear):
    problems, made = [], []

    def make(**wanted):
        made.append(Canceller(**wanted))
        return made[-1]

    voice = processor(problems, canceller=make)
    voice.clean(babble(1)[:480])
    made[0].broken = True
    for block in blocks(babble(1)):
        if in_hear:
            voice.hear(block)
        assert voice.clean(block).shape == (480,)
    assert [problem.code for problem in problems] == ["processing_failed"]
    assert "echo" not in voice.parts


@pytest.mark.parametrize(
    "answer", [np.full(480, np.nan, np.float32), np.zeros(3, np.float32), "nothing"]
)
def test_a_denoiser_that_gives_no_sound_is_turned_off(answer):
    problems = []
    voice = processor(problems, denoiser=lambda: Denoiser(answer))
    out = [voice.clean(block) for block in blocks(babble(1))]
    assert np.concatenate(out).any()
    assert [problem.code for problem in problems] == ["processing_failed"]


def test_with_a_denoiser_the_canceller_leaves_noise_alone():
    made = []

    def make(**wanted):
        made.append(wanted)
        return Canceller(**wanted)

    voice = processor([], canceller=make, denoiser=Denoiser)
    voice.clean(babble(1)[:480])
    assert made == [{"echo": True, "noise": False}]
    assert voice.parts == ("echo", "rnnoise", "gain")


def test_a_denoiser_that_does_not_start_is_told():
    problems = []
    processor(problems, denoiser=missing(OSError()))
    assert [problem.code for problem in problems] == ["processing_failed"]


def test_echo_follows_the_choice_at_once():
    made = []

    def make(**wanted):
        made.append(Canceller(**wanted))
        return made[-1]

    voice = processor([], canceller=make)
    voice.clean(babble(1)[:480])
    voice.hear(babble(1)[:480])
    assert made[-1].heard == 1
    voice.echo.mode = EchoMode.OFF
    voice.clean(babble(1)[:480])
    assert made[-1].wanted == {"echo": False, "noise": True}
    voice.hear(babble(1)[:480])
    assert made[-1].heard == 0
    assert voice.parts == ("noise", "gain")


def test_a_change_that_fails_leaves_the_voice():
    problems, made = [], []

    def make(**wanted):
        if made:
            raise RuntimeError
        made.append(Canceller(**wanted))
        return made[-1]

    voice = processor(problems, canceller=make)
    voice.clean(babble(1)[:480])
    voice.echo.mode = EchoMode.OFF
    assert voice.clean(babble(1)[4800:5280]).any()
    assert [problem.code for problem in problems] == ["processing_failed"]


def test_behind_a_mask_that_fails_there_is_only_silence():
    problems, mask = [], Mask()
    voice = processor(problems, mask=mask)
    assert voice.clean(babble(1)[4800:5280]).any()
    mask.broken = True
    assert not voice.clean(babble(1)[4800:5280]).any()
    mask.broken = False
    assert not voice.clean(babble(1)[4800:5280], mask_only=True).any()
    assert [problem.code for problem in problems] == ["mask_failed"]


def test_what_comes_from_no_microphone_is_only_masked():
    block = babble(1)[4800:5280]
    assert np.array_equal(processor([]).clean(block, mask_only=True), block)
    assert np.array_equal(processor([], mask=Mask()).clean(block, mask_only=True), -block)


def test_nothing_heard_before_the_microphone_was_opened_leaves_late():
    voice = processor([], mask=Mask(), denoiser=Denoiser)
    block = np.random.default_rng(1).integers(-3000, 3000, 480).astype(np.int16)
    voice.clean(block)
    voice.opened()
    out = [voice.clean(block) for _ in range(9)]
    assert [bool(one.any()) for one in out] == [False] * 6 + [True] * 3


def test_full_scale_square_waves_stay_below_the_ceiling():
    square = np.where(np.arange(480) // 24 % 2, 32767, -32768).astype(np.int16)
    voice = processor([])
    for _ in range(300):
        voice.hear(square)
        out = voice.clean(square)
        assert np.abs(out.astype(int)).max() <= CEILING
