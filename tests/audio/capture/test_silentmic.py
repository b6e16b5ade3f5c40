import numpy as np

from audio.capture.silentmic import SilentMic, mic_silent
from audio.pcm import BLOCK_SAMPLES, silence


def _hum(amplitude: int) -> np.ndarray:
    return np.resize(np.array([amplitude, -amplitude], np.int16), BLOCK_SAMPLES)


def _tell(watch: SilentMic, block: np.ndarray, seconds: float) -> int:
    return sum(watch.update(block) for _ in range(round(100 * seconds)))


def test_five_seconds_of_zeros_are_told_once():
    watch = SilentMic()
    assert _tell(watch, silence(), 4.99) == 0
    assert _tell(watch, silence(), 60) == 1


def test_the_hiss_of_a_real_microphone_is_no_silence():
    assert _tell(SilentMic(), _hum(3), 20) == 0  # -81 dBFS


def test_a_single_sample_now_and_then_is_silence_all_the_same():
    block = silence()
    block[7] = 1
    assert _tell(SilentMic(), block, 6) == 1


def test_sound_in_between_begins_the_count_anew():
    watch = SilentMic()
    for _ in range(10):
        assert _tell(watch, silence(), 4.9) == 0
        assert _tell(watch, _hum(50), 0.01) == 0


def test_the_next_opening_is_told_of_again():
    watch = SilentMic()
    assert _tell(watch, silence(), 6) == 1
    watch.opened()
    assert _tell(watch, silence(), 6) == 1


def test_the_problem_names_the_microphone():
    problem = mic_silent("USB Headset")
    assert problem.code == "mic_silent"
    assert "USB Headset" in problem.message
    assert problem.hint
