"""Waits are exact while sound runs. Windows rounds them up without being asked; others do not."""

import sys
import threading
import time
from collections.abc import Iterator

import pytest

from audio.timer import ExactTimer

WAITS = 40


@pytest.fixture
def timer() -> Iterator[ExactTimer]:
    timer = ExactTimer()
    yield timer
    timer.want(wanted=False)


def wait_s(pause_s: float) -> float:
    """How long a wait of the worker takes; one of the shorter ones, for others use the machine too.

    Waits that are rounded up begin at a step and end at the next one, so none of them is short.
    """
    never, took_s = threading.Event(), []
    for _ in range(WAITS):
        began_s = time.perf_counter()
        never.wait(pause_s)
        took_s.append(time.perf_counter() - began_s)
    return sorted(took_s)[WAITS // 8]


def test_a_wait_takes_as_long_as_it_says(timer: ExactTimer) -> None:
    timer.want(wanted=True)
    timer.want(wanted=True)
    assert wait_s(0.005) < 0.012


@pytest.mark.skipif(sys.platform != "win32", reason="of Windows")
def test_each_wish_is_taken_back_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows counts the wishes of a program and answers how each was taken."""
    import ctypes

    library = ctypes.WinDLL("winmm")
    answers: list[tuple[str, int]] = []

    class Counting:
        def __getattr__(self, name: str) -> object:
            def ask(step_ms: int) -> int:
                answers.append((name, getattr(library, name)(step_ms)))
                return 0

            return ask

    monkeypatch.setattr(ctypes, "WinDLL", lambda _: Counting())
    timer = ExactTimer()
    for wanted in (True, True, False, False):
        timer.want(wanted=wanted)
    assert answers == [("timeBeginPeriod", 0), ("timeEndPeriod", 0)]
