import os

import numpy as np
import pytest

from audio.capture.mask import COEFFICIENTS, LABELS, LONGEST_DELAY_MS, SEMITONES, Disguise, MaskMode
from tests.audio.voices import active_dbfs, babble, blocks


def disguised(sound, disguise=None):
    disguise = disguise or Disguise(os.urandom)
    return np.concatenate([disguise.process(block.astype(np.float32)) for block in blocks(sound)])


def test_the_voice_is_another_and_as_loud():
    sound = babble(5)
    out = disguised(sound)
    assert active_dbfs(out) == pytest.approx(active_dbfs(sound), abs=2.5)
    assert abs(np.corrcoef(sound[: len(out)], out)[0, 1]) < 0.5


def test_nothing_comes_out_later_than_promised():
    assert LONGEST_DELAY_MS <= 30
    disguise = Disguise(os.urandom)
    disguised(babble(1), disguise)
    late = [np.abs(disguise.process(np.zeros(480, np.float32))).max() for _ in range(20)]
    assert max(late[disguise.delay_blocks + 6 :]) < 200


def test_what_is_above_8_khz_is_gone_whatever_was_drawn():
    noise = (np.random.default_rng(1).normal(size=48_000) * 300).astype(np.int16)
    hz = np.fft.rfftfreq(len(noise), 1 / 48_000)
    for _ in range(4):
        energy = np.abs(np.fft.rfft(disguised(noise))) ** 2
        assert energy[hz > 8_200].sum() < energy.sum() / 1_000


def test_two_sessions_differ():
    sound = babble(2)
    one, other = disguised(sound), disguised(sound)
    assert not np.allclose(one, other)


@pytest.mark.parametrize("byte", [0, 127, 255])
def test_every_draw_is_within_its_range(byte):
    disguise = Disguise(lambda count: bytes([byte]) * count)
    assert np.isfinite(disguised(babble(1), disguise)).all()
    for walk, ranges in ((disguise._coefficient, COEFFICIENTS), (disguise._semitones, SEMITONES)):
        assert any(low <= walk._middle <= high for low, high in ranges)


def test_wild_sound_stays_finite():
    square = np.where(np.arange(48_000) // 50 % 2, 32767, -32768).astype(np.int16)
    impulses = np.zeros(48_000, np.int16)
    impulses[::4800] = 32767
    disguise = Disguise(os.urandom)
    for sound in (square, impulses, np.zeros(48_000, np.int16), square):
        assert np.isfinite(disguised(sound, disguise)).all()
    with pytest.raises(ValueError, match="480"):
        disguise.process(np.zeros(100, np.float32))


def test_without_poles_the_last_filter_stands_in(monkeypatch):
    def fail(*_):
        raise np.linalg.LinAlgError

    monkeypatch.setattr("audio.capture.mask.with_moved_resonances", fail)
    assert np.isfinite(disguised(babble(1))).all()


def test_each_mode_that_changes_a_voice_has_its_words():
    assert set(LABELS) == {MaskMode.DISGUISE, MaskMode.TYPED}
    assert "not from analysis" in LABELS[MaskMode.DISGUISE]
