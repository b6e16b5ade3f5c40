import threading

from audio.capture.echo import EchoMode, EchoSwitch
from audio.capture.loader import Loaded, Loader
from audio.capture.rnnoise import RnnoiseMissingError


def raising(error):
    def make(**_):
        raise error

    return make


def loader(problems, canceller=dict, denoiser=None, echo=EchoMode.ON):
    denoiser = denoiser or raising(RnnoiseMissingError())
    return Loader(EchoSwitch(echo), canceller, denoiser, problems.append)


def test_what_was_loaded_is_taken_once():
    problems = []
    made = loader(problems)
    assert made.take() is None
    made.load()
    assert made.waiting
    assert made.take() == Loaded({"echo": True, "noise": True}, None)
    assert not made.waiting
    assert made.take() is None
    assert problems == []


def test_beside_a_better_noise_reduction_and_headphones_the_library_does_neither():
    made = loader([], denoiser=lambda: "better", echo=EchoMode.OFF)
    made.load()
    assert made.take() == Loaded({"echo": False, "noise": False}, "better")


def test_what_is_missing_is_told_and_the_rest_is_used():
    problems = []
    made = loader(problems, canceller=raising(ImportError()), denoiser=raising(OSError()))
    made.load()
    assert made.take() == Loaded(None, None)
    assert [problem.code for problem in problems] == ["processing_failed", "no_processing"]


def test_it_is_begun_once_in_a_thread_of_its_own():
    threads, done = [], threading.Event()

    def make(**_):
        threads.append(threading.current_thread())
        done.set()
        return {}

    made = loader([], canceller=make)
    made.begin()
    made.begin()
    assert done.wait(5.0)
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
