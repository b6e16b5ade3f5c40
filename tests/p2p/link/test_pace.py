"""When messages go again, and when a peer is taken for deaf; in virtual time."""

from p2p.link.pace import (
    ASK_AFTER_S,
    DEAF_AFTER_S,
    DEAF_ASKS,
    REPEAT_MIN_S,
    TWICE_CHUNKS_MAX,
    Pace,
)

TICK_S = 0.05


def asked_until_deaf(pace: Pace, begin_s: float, end_s: float) -> tuple[list[float], float | None]:
    """When a silent peer is asked, and when it is found deaf."""
    asked = []
    now = begin_s
    while now < end_s:
        if pace.asks(now):
            asked.append(now)
        if pace.is_deaf(now):
            return asked, now
        now += TICK_S
    return asked, None


def test_a_silent_peer_is_asked_often_and_then_deaf() -> None:
    asked, deaf_s = asked_until_deaf(Pace(None, 0.0), 0.0, 10.0)
    assert deaf_s is not None
    assert ASK_AFTER_S <= asked[0] < ASK_AFTER_S + 2 * TICK_S
    assert len(asked) >= DEAF_ASKS
    assert ASK_AFTER_S + DEAF_AFTER_S <= deaf_s < 3.2


def test_on_a_long_line_the_answers_have_time_to_come() -> None:
    _, near_s = asked_until_deaf(Pace(0.02, 0.0), 0.0, 20.0)
    _, far_s = asked_until_deaf(Pace(1.0, 0.0), 0.0, 20.0)
    assert near_s is not None
    assert far_s is not None
    assert far_s - near_s > 1.8


def test_whoever_says_something_is_asked_anew_later() -> None:
    pace = Pace(None, 0.0)
    for n in range(60):
        asked, deaf_s = asked_until_deaf(pace, n * 2.0, n * 2.0 + 2.0)
        assert (len(asked) <= 3, deaf_s) == (True, None)
        pace.heard(n * 2.0 + 2.0)


def test_a_process_that_slept_asks_before_it_judges() -> None:
    pace = Pace(None, 0.0)
    assert pace.asks(1000.0)
    assert not pace.is_deaf(1000.0)


def test_a_repeat_waits_for_the_round_trip_and_its_scatter() -> None:
    pace = Pace(0.4, 0.0)
    assert 0.5 < pace.repeat_s < 0.7
    for rtt_s in (0.4, 0.6) * 40:
        pace.measured(rtt_s)
    assert pace.repeat_s > 0.8
    for _ in range(80):
        pace.measured(0.4)
    assert 0.4 <= pace.repeat_s < 0.45


def test_a_first_measure_replaces_no_knowledge() -> None:
    pace = Pace(None, 0.0)
    assert (pace.repeat_s, pace.is_long) == (REPEAT_MIN_S, False)
    pace.measured(0.5)
    assert pace.is_long
    assert 0.5 < pace.repeat_s < 1.0


def test_a_repeat_never_waits_longer_than_is_of_use() -> None:
    assert Pace(0.1, 0.0).longest_s == 2.0
    assert Pace(3.0, 0.0).longest_s == 6.0


def test_each_piece_goes_twice_once_and_a_crowd_does_not() -> None:
    pace = Pace(0.4, 0.0)
    assert pace.again([1, 2]) == [1, 2]
    assert pace.again([1, 2, 3]) == [3]
    assert pace.again([]) == []
    assert pace.again(list(range(10, 11 + TWICE_CHUNKS_MAX))) == []
