import numpy as np
import pytest

from audio.capture.coupling import DECOUPLED_DB, NONE_DB, Coupling, loud
from audio.pcm import silence
from tests.audio.voices import babble, blocks


def measured(far, near):
    coupling = Coupling()
    for one, other in zip(blocks(far), blocks(near), strict=False):
        coupling.add(one, other)
    return coupling.db


def echo(far, db, delay_ms=60):
    delayed = np.concatenate((np.zeros(delay_ms * 48), far.astype(float)))[: len(far)]
    return delayed * 10 ** (db / 20)


@pytest.mark.parametrize("db", [-3, -10, -20, -30])
def test_an_echo_is_measured(db):
    far = babble(8)
    hiss = np.random.default_rng(1).normal(size=len(far)) * 5
    near = np.rint(echo(far, db) + hiss).astype(np.int16)
    assert measured(far, near) == pytest.approx(db, abs=3)


def test_headphones_are_below_the_limit():
    far = babble(8)
    hiss = np.random.default_rng(1).normal(size=len(far)) * 20
    assert measured(far, np.rint(hiss).astype(np.int16)) < DECOUPLED_DB
    assert measured(far, np.zeros_like(far)) == NONE_DB


def test_a_voice_at_the_microphone_is_no_sign_of_headphones():
    far, near = babble(8), babble(8, seed=9, pitch_hz=200)
    found = measured(far, near)
    assert found is None or found > DECOUPLED_DB


def test_without_sound_from_the_far_side_nothing_is_known():
    assert measured(np.zeros(48_000 * 4, np.int16), babble(4)) is None
    assert not loud(silence())
    assert loud(babble(1)[4800:5280])
