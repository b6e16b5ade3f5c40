import pytest

from audio.device.watchdog import BACKOFF_S, FIRST_LIMIT_S, Verdict, Watchdog


def test_a_device_that_calls_back_is_fine():
    dog = Watchdog(0.0)
    for tick in range(1000):
        assert dog.check(tick * 0.01, False, tick * 0.01 + 0.005) is Verdict.FINE


def test_a_new_device_has_time_until_its_first_callback():
    dog = Watchdog(0.0)
    assert dog.check(None, False, FIRST_LIMIT_S) is Verdict.FINE
    assert dog.check(None, False, FIRST_LIMIT_S + 0.01) is Verdict.LOST


def test_a_device_that_fills_its_queue_and_then_pauses_is_not_lost():
    dog = Watchdog(0.0)
    assert dog.check(0.007, False, 1.4) is Verdict.FINE


def test_half_a_second_without_a_callback_is_a_loss_told_once():
    dog = Watchdog(0.0)
    assert dog.check(5.0, False, 5.5) is Verdict.FINE
    assert dog.check(5.0, False, 5.51) is Verdict.LOST
    assert dog.check(None, False, 5.52) is Verdict.WAIT


def test_a_stream_that_has_ended_is_lost_at_once():
    dog = Watchdog(0.0)
    assert dog.check(1.0, True, 1.001) is Verdict.LOST


def test_attempts_wait_longer_and_longer():
    dog, now, waits = Watchdog(0.0), 1.0, []
    assert dog.check(0.9, True, now) is Verdict.LOST
    for _ in range(6):
        began = now
        while dog.check(None, False, now) is not Verdict.OPEN:
            now += 0.001
        waits.append(round(now - began, 2))
        dog.failed(now)
    assert waits == pytest.approx([*BACKOFF_S, *[BACKOFF_S[-1]] * 3], abs=0.01)


def test_open_is_asked_again_until_it_is_answered():
    dog = Watchdog(0.0)
    dog.check(0.1, True, 0.2)
    assert dog.check(None, False, 1.0) is Verdict.OPEN
    assert dog.check(None, False, 1.0) is Verdict.OPEN
    dog.opened(1.0)
    assert dog.check(None, False, 1.1) is Verdict.FINE


def test_a_device_that_dies_again_at_once_is_tried_more_slowly():
    dog = Watchdog(0.0)
    dog.check(0.1, True, 0.2)
    dog.opened(0.7)
    assert dog.check(0.8, True, 0.9) is Verdict.LOST
    assert dog.check(None, False, 0.9 + BACKOFF_S[1] - 0.01) is Verdict.WAIT
    assert dog.check(None, False, 0.9 + BACKOFF_S[1]) is Verdict.OPEN


def test_after_a_steady_run_the_first_wait_is_short_again():
    dog = Watchdog(0.0)
    dog.check(0.1, True, 0.2)
    dog.opened(0.7)
    assert dog.check(10.0, False, 10.1) is Verdict.FINE
    assert dog.check(10.0, True, 10.2) is Verdict.LOST
    assert dog.check(None, False, 10.2 + BACKOFF_S[0]) is Verdict.OPEN
