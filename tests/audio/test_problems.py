from audio.problems import REPORT_EVERY_S, Problems


class Clock:
    now_s = 100.0

    def __call__(self):
        return self.now_s


def broken():
    try:
        raise ZeroDivisionError
    except ZeroDivisionError as error:
        return error


def test_a_failure_is_told_by_type_and_place_and_at_most_every_five_seconds():
    told, clock = [], Clock()
    problems = Problems(told.append, clock)
    for _ in range(3):
        problems.failed(broken())
    assert [problem.code for problem in told] == ["sound_failed"]
    assert "ZeroDivisionError, test_problems.py:" in told[0].message
    clock.now_s += REPORT_EVERY_S
    problems.failed(ValueError())
    assert len(told) == 2
    assert "ValueError, ?" in told[1].message
    assert problems.failures == 4


def test_a_listener_that_breaks_is_counted_too():
    problems = Problems(lambda problem: 1 // 0, Clock())
    problems.failed(broken())
    assert problems.failures == 2
