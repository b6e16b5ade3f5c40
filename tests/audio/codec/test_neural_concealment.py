import ctypes

import numpy as np
import pytest

from audio.codec import libopus
from audio.codec.neural_concealment import SET_COMPLEXITY, has_deep_plc
from audio.codec.opus import Decoder, Encoder
from audio.pcm import FRAME_SAMPLES


class Library:
    """The real libopus with another version, and a network that is heard when it may be used."""

    def __init__(self, version: bytes = b"libopus 1.5.2", *, network: bool = True):
        self.real = libopus.load()
        self.version = version
        self.network = network
        self.level: dict[int, int] = {}
        self.refuses: set[str] = set()

    def __getattr__(self, name):
        if name in self.refuses:
            return lambda *_: 0
        return getattr(self.real, name)

    def opus_get_version_string(self):
        return self.version

    def opus_decoder_ctl(self, decoder, request, value):
        assert request == SET_COMPLEXITY
        self.level[decoder] = value.value
        return -5 if "setting" in self.refuses else 0

    def opus_decode(self, decoder, frame, size, out, samples, fec):
        decoded = self.real.opus_decode(decoder, frame, size, out, samples, fec)
        if frame is None and self.network and self.level[decoder] >= 5:
            ctypes.memset(out, 1, 2 * samples)
        return decoded


def test_a_network_is_noticed_by_its_sound():
    assert has_deep_plc(Library())
    assert has_deep_plc(Library(b"libopus 2.0-beta"))
    assert not has_deep_plc(Library(network=False))


@pytest.mark.parametrize(
    "version", [b"libopus 1.4", b"libopus 1.3.1-fixed", b"libopus unknown", b""]
)
def test_an_older_library_is_not_even_asked(version):
    assert not has_deep_plc(Library(version))


@pytest.mark.parametrize(
    "refusal", ["opus_encoder_create", "opus_decoder_create", "opus_encode", "setting"]
)
def test_a_library_that_refuses_something_has_none(refusal):
    library = Library(network=refusal == "setting")
    library.refuses.add(refusal)
    assert not has_deep_plc(library)


def test_whatever_library_there_is_conceals_a_frame():
    decoder, encoder = Decoder(), Encoder()
    t = np.arange(FRAME_SAMPLES) / 48000
    tone = (8000 * np.sin(2 * np.pi * 200 * t)).astype(np.int16)
    for _ in range(5):
        decoder.decode(encoder.encode(tone))
    assert np.abs(decoder.conceal()).max() > 500
