import threading
import time

import pytest

from audio.device.device_errors import DeviceError
from audio.device.supervise import SupervisedStream


class FakeStream:
    def __init__(self, name: str = "fake") -> None:
        self.name = name
        self.heard_s: float | None = None
        self.ended = False
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


class Desk:
    """Opens fake streams, or refuses."""

    def __init__(self) -> None:
        self.opened: list[FakeStream] = []
        self.refuse = False
        self.gate = threading.Event()
        self.gate.set()
        self.attempts = 0

    def open(self) -> FakeStream:
        self.attempts += 1
        self.gate.wait(5)
        if self.refuse:
            raise DeviceError("no_microphone", "no microphone was found")
        self.opened.append(FakeStream(f"fake {len(self.opened)}"))
        return self.opened[-1]


def _settle(stream: SupervisedStream) -> None:
    attempt = stream._attempt
    if attempt is not None:
        attempt.join(5)


def test_the_first_attempt_fails_loudly():
    desk = Desk()
    desk.refuse = True
    with pytest.raises(DeviceError):
        SupervisedStream("input", desk.open, 0.0)


@pytest.mark.parametrize(
    ("direction", "code"), [("input", "microphone_lost"), ("output", "speaker_lost")]
)
def test_a_lost_device_is_told_once_and_opened_again(direction, code: str):
    desk = Desk()
    stream = SupervisedStream(direction, desk.open, 0.0)
    assert not stream.running
    desk.opened[0].heard_s = 10.0
    assert stream.running
    assert stream.called_back_since(10.0)
    assert not stream.called_back_since(10.1)
    assert stream.check(10.1) is None
    problem = stream.check(10.6)
    assert problem is not None
    assert problem.code == code
    assert "fake 0" in problem.message
    assert not stream.running
    assert stream.check(10.9) is None
    assert stream.check(11.11) is None
    _settle(stream)
    assert stream.check(11.2) is None
    assert desk.opened[0].closed == 1
    assert stream.name == "fake 1"
    desk.opened[1].heard_s = 11.3
    assert stream.running
    assert stream.check(11.31) is None


def test_failed_attempts_wait_longer_and_never_raise():
    desk = Desk()
    stream = SupervisedStream("input", desk.open, 0.0)
    desk.opened[0].ended = True
    desk.refuse = True
    problems = [stream.check(0.0)]
    for tick in range(1, 2000):
        problems.append(stream.check(tick * 0.01))
        _settle(stream)
    assert len([problem for problem in problems if problem]) == 1
    assert 1 + 9 <= desk.attempts <= 1 + 12
    desk.refuse = False
    for tick in range(2000, 3000):
        stream.check(tick * 0.01)
        _settle(stream)
        if len(desk.opened) > 1:
            desk.opened[-1].heard_s = tick * 0.01
    assert stream.running


def test_an_attempt_that_hangs_holds_nobody_up_and_is_not_doubled():
    desk = Desk()
    stream = SupervisedStream("input", desk.open, 0.0)
    desk.opened[0].ended = True
    desk.gate.clear()
    began = time.monotonic()
    for tick in range(2000):
        stream.check(tick * 0.01)
    assert time.monotonic() - began < 2
    assert desk.attempts == 2
    desk.gate.set()
    _settle(stream)


def test_what_is_opened_after_close_is_closed_too():
    desk = Desk()
    stream = SupervisedStream("input", desk.open, 0.0)
    desk.opened[0].ended = True
    stream.check(0.0)
    desk.gate.clear()
    stream.check(0.6)
    stream.close()
    desk.gate.set()
    _settle(stream)
    assert [opened.closed for opened in desk.opened] == [1, 1]


def test_close_closes_the_device():
    desk = Desk()
    stream = SupervisedStream("output", desk.open, 0.0)
    stream.close()
    assert desk.opened[0].closed == 1
    stream.close()
    assert desk.opened[0].closed == 1
