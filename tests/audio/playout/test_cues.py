import numpy as np
import pytest

from audio.choices import CUES
from audio.level import dbfs
from audio.pcm import BLOCK_SAMPLES, RATE_HZ
from audio.playout.cues import CUE_DBFS, WAITING_MAX, CuePlayer, cue_named, tone_of


def _played(player: CuePlayer) -> list[np.ndarray]:
    blocks = []
    while (block := player.block()) is not None:
        assert block.shape == (BLOCK_SAMPLES,)
        blocks.append(block)
    return blocks


@pytest.mark.parametrize("cue", CUES)
def test_a_cue_is_short_and_soft_and_does_not_click(cue):
    sound = tone_of(cue)
    assert 0.06 <= len(sound) / RATE_HZ <= 0.12
    assert len(sound) % BLOCK_SAMPLES == 0
    assert dbfs(sound) == pytest.approx(CUE_DBFS, abs=0.5)
    assert abs(int(sound[0])) < 60
    assert abs(int(sound[-1])) < 60
    assert np.abs(np.diff(sound.astype(int))).max() < 500


def test_all_cues_sound_different():
    sounds = {tone_of(cue).tobytes() for cue in CUES}
    assert len(sounds) == len(CUES)


def test_opening_rises_and_closing_falls():
    def pitches_hz(cue):
        halves = np.array_split(tone_of(cue).astype(float), 2)
        return [np.argmax(np.abs(np.fft.rfft(half, RATE_HZ))) for half in halves]

    assert pitches_hz("live")[0] < pitches_hz("live")[1]
    assert pitches_hz("muted")[0] > pitches_hz("muted")[1]


def test_a_cue_is_played_once_and_whole():
    player = CuePlayer()
    assert player.block() is None
    player.play("stage")
    assert np.array_equal(np.concatenate(_played(player)), tone_of("stage"))
    assert player.block() is None


def test_cues_follow_one_another_and_a_burst_is_cut():
    player = CuePlayer()
    for _ in range(50):
        for cue in CUES:
            player.play(cue)
    blocks = _played(player)
    longest = max(len(tone_of(cue)) for cue in CUES) // BLOCK_SAMPLES
    assert len(blocks) <= WAITING_MAX * longest


def test_what_is_turned_off_is_not_heard():
    player = CuePlayer(["live"])
    player.play("stage")
    assert player.block() is None
    player.choose(["stage", "lost"])
    assert player.chosen == ("stage", "lost")
    player.play("stage")
    player.play("live")
    assert np.array_equal(np.concatenate(_played(player)), tone_of("stage"))


def test_cues_have_names():
    assert [cue_named(cue) for cue in CUES] == list(CUES)
    assert cue_named("trumpet") is None
