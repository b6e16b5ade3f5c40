import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.sim.bottleneck import SHAPES, Bottleneck, Speaker
from p2p.errors import RemoteError
from p2p.mesh.line_load import Load
from p2p.mesh.line_measure import LineMeasure
from p2p.mesh.shape_walk import ShapeWalk
from p2p.wire.line_report import LineReport


def speaker(bps: float, **more: object) -> Speaker:
    """One that never changes its shape."""
    only = ShapeWalk([SHAPES[0].rate_bps], 0.0)
    return Speaker(Bottleneck(bps), walk=only, **more)  # type: ignore[arg-type]


def load_of(one: Speaker, seconds: float) -> Load:
    one.speak(seconds)
    load = one.measure.load(one.now)
    assert load is not None
    return load


def test_on_a_good_line_nothing_waits_and_all_that_is_sent_arrives():
    load = load_of(speaker(10e6), 4.0)
    assert load.queue_s < 0.005
    assert not load.stands
    assert load.loss == 0.0
    assert load.carried_bps == pytest.approx(SHAPES[0].rate_bps, rel=0.05)
    assert load.round_trip_s == pytest.approx(0.04, abs=0.005)


@pytest.mark.parametrize("kbps", [40, 64, 100])
def test_a_queue_shows_within_a_second_and_a_half_with_what_the_line_carries(kbps):
    one = speaker(kbps * 1000)
    while not (one.load is not None and one.load.stands):
        one.speak(0.1)
    assert one.now < 1.5
    assert one.load.carried_bps == pytest.approx(kbps * 1000, rel=0.1)


def test_the_wait_is_that_of_the_packets():
    one = speaker(80_000)
    load = load_of(one, 3.0)
    waited_s = next(wait for at_s, wait in one.queues if at_s >= one.now - 1.6)
    assert load.queue_s == pytest.approx(waited_s, abs=0.2)


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_loss_is_told_from_the_counts(share):
    chance = random.Random(7)
    one = speaker(10e6, lose=lambda _n: chance.random() < share)
    assert load_of(one, 8.0).loss == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("delay_s", [0.02, 0.2])
def test_jitter_alone_is_hardly_ever_taken_for_a_queue(delay_s):
    chance = random.Random(3)
    one = speaker(10e6, jitter=lambda _n: max(-0.02, chance.gauss(0.0, 0.04)))
    one.line.delay_s = one.back_s = delay_s
    stands = 0
    for _ in range(1500):
        one.speak(0.1)
        stands += one.load is not None and one.load.stands
    assert stands <= 15


def test_too_few_or_old_reports_tell_nothing():
    one = speaker(10e6)
    one.speak(0.25)
    assert one.measure.load(one.now) is None
    one.speak(1.0)
    assert one.measure.load(one.now) is not None
    assert one.measure.load(one.now + 1.5) is None


def test_after_a_pause_the_line_is_measured_anew():
    one = speaker(10e6)
    one.speak(3.0)
    one.pause(60.0)
    one.speak(0.3)
    assert one.measure.load(one.now) is None
    assert load_of(one, 2.0).queue_s < 0.005


def test_numbers_that_turn_over_change_nothing():
    one = speaker(10e6)
    one.sent = 0xFFFF - 100
    one.arrivals.received = 0xFFFF - 50
    load = load_of(one, 5.0)
    assert (load.loss, load.stands) == (0.0, False)
    assert load.queue_s < 0.005


def test_a_false_clock_of_the_other_end_is_not_believed_beyond_our_own():
    """It says that each packet waits longer than the one before, and reports at once."""
    late_ms = iter(range(0, 10**6, 100))
    liar = speaker(10e6, lie=lambda r: r._replace(arrival_ms=r.arrival_ms + next(late_ms)))
    for _ in range(100):
        liar.speak(0.1)
        assert liar.load is None or not liar.load.stands
    assert liar.load is not None
    assert liar.load.queue_s < 0.01


def test_reports_held_back_are_no_queue_if_the_packets_came_in_time():
    """The way back is long, not ours."""
    one = speaker(10e6)
    one.speak(3.0)
    one.back_s = 0.5
    assert load_of(one, 3.0).queue_s < 0.01


def test_a_report_of_what_was_not_sent_is_refused():
    measure = LineMeasure()
    measure.sent(5, 100, 0.0)
    with pytest.raises(RemoteError):
        measure.reported(LineReport(6, 1, 0), 0.1)


@pytest.mark.parametrize(
    "second", [LineReport(1, 2, 100), LineReport(2, 1, 100), LineReport(2, 2, 0)]
)
def test_counts_that_go_back_are_refused(second):
    measure = LineMeasure()
    for seq in (1, 2, 3):
        measure.sent(seq, 100, 0.0)
    measure.reported(LineReport(2, 2, 100), 0.1)
    with pytest.raises(RemoteError):
        measure.reported(second, 0.2)


anything = st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF))


@given(st.lists(anything, max_size=40))
def test_whatever_is_reported_memory_is_bounded_and_loads_are_sane(reports):
    measure = LineMeasure()
    for number in range(2000):
        measure.sent(number & 0xFFFF, 291, number * 0.02)
    assert len(measure._sent) <= 512
    for number, (seq, received, arrival_ms) in enumerate(reports):
        now = 40.0 + 0.01 * number
        try:
            measure.reported(LineReport(1500 + seq % 500, received, arrival_ms), now)
        except RemoteError:
            continue
        load = measure.load(now)
        if load is not None:
            assert load.queue_s >= 0.0
            assert 0.0 <= load.loss <= 1.0
            assert load.carried_bps >= 0.0
    assert len(measure._samples) <= 128
