import numpy as np

from audio.errors import OpusError
from audio.playout.conceal import Concealer


class Constant:
    """A decoder whose invented sound is a constant, so that the fade can be read off."""

    def decode(self, frame: bytes) -> np.ndarray:
        raise OpusError("not asked for here")

    def conceal(self, samples: int = 960) -> np.ndarray:
        return np.full(samples, 1000, np.int16)


class Mute(Constant):
    def conceal(self, samples: int = 960) -> np.ndarray:
        raise OpusError("no")


def test_a_hole_is_full_for_40_ms_and_silent_after_100():
    concealer = Concealer(Constant())
    heard = np.concatenate([concealer.invent(480) for _ in range(20)])
    assert set(heard[: 4 * 480].tolist()) == {1000}
    assert 0 < heard[7 * 480] < 600
    assert np.all(np.diff(heard[4 * 480 : 10 * 480].astype(int)) <= 0)
    assert not heard[10 * 480 :].any()
    assert concealer.age_s == 0.2


def test_after_real_sound_the_next_hole_is_full_again():
    concealer = Concealer(Constant())
    for _ in range(20):
        concealer.invent(960)
    concealer.end()
    assert concealer.age_s == 0.0
    assert concealer.invent(960)[-1] == 1000


def test_a_decoder_that_fails_leaves_silence():
    assert not Concealer(Mute()).invent(480).any()
