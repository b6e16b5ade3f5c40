import builtins

import numpy as np
import pytest

from audio.capture import webrtc
from audio.capture.webrtc import Webrtc, WebrtcMissingError
from audio.errors import SoundError
from tests.audio.voices import babble, blocks


@pytest.fixture
def library() -> None:
    if not webrtc.is_installed():
        pytest.skip("livekit has no wheel for this machine")


def test_an_echo_is_taken_away(library):
    module = Webrtc(echo=True, noise=False)
    far = babble(8)
    near = np.concatenate((np.zeros(2880), far * 0.3))[: len(far)].astype(np.int16)
    out = []
    for played, heard in zip(blocks(far), blocks(near), strict=True):
        module.hear(played)
        out.append(module.clean(heard))
    rest = np.concatenate(out)[-4 * 48_000 :].astype(float)
    before = near[-4 * 48_000 :].astype(float)
    assert np.mean(rest**2) < np.mean(before**2) / 1000


def test_steady_noise_is_reduced(library):
    module = Webrtc(echo=False, noise=True)
    noise = (np.random.default_rng(1).normal(size=48_000 * 4) * 500).astype(np.int16)
    out = np.concatenate([module.clean(block) for block in blocks(noise)])[-48_000:].astype(float)
    assert np.sqrt(np.mean(out**2)) < 250


@pytest.mark.parametrize(
    "block", [np.zeros(479, np.int16), np.zeros(480, np.float32), np.zeros((2, 480), np.int16)]
)
def test_only_whole_blocks_reach_the_library(library, block):
    module = Webrtc(echo=True, noise=True)
    with pytest.raises(ValueError, match="480"):
        module.clean(block)
    with pytest.raises(ValueError, match="480"):
        module.hear(block)


def test_full_scale_square_waves_are_only_sound(library):
    module = Webrtc(echo=True, noise=True)
    square = np.where(np.arange(480) // 24 % 2, 32767, -32768).astype(np.int16)
    for _ in range(100):
        module.hear(square)
        assert module.clean(square).shape == (480,)


def test_without_the_library_it_says_so(monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name.startswith("livekit"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(WebrtcMissingError):
        Webrtc(echo=True, noise=True)


def test_what_comes_out_is_what_the_librarys_own_calls_give(library):
    from livekit.rtc import AudioFrame, AudioProcessingModule

    ours = Webrtc(echo=True, noise=True)
    theirs = AudioProcessingModule(
        echo_cancellation=True, noise_suppression=True, high_pass_filter=False
    )
    for far, near in zip(blocks(babble(3)), blocks(babble(3)[::-1]), strict=True):
        ours.hear(far)
        theirs.process_reverse_stream(AudioFrame(bytearray(far.tobytes()), 48_000, 1, 480))
        frame = AudioFrame(bytearray(near.tobytes()), 48_000, 1, 480)
        theirs.process_stream(frame)
        assert bytes(frame.data) == ours.clean(near).tobytes()


def test_a_call_that_the_library_refuses_raises_and_the_next_one_works(library):
    module = Webrtc(echo=True, noise=True)
    block = np.zeros(480, np.int16)
    good, module._near._good = module._near._good, b"another answer"
    with pytest.raises(SoundError):
        module.clean(block)
    module._near._good = good
    assert module.clean(block).shape == (480,)


def test_another_version_with_other_insides_counts_as_missing(library, monkeypatch):
    monkeypatch.setattr("livekit.rtc._ffi_client.FfiClient.instance", object())
    with pytest.raises(WebrtcMissingError):
        Webrtc(echo=True, noise=True)
