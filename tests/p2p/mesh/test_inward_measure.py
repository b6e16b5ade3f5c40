import pytest

from lab.sim.bottleneck import Bottleneck
from p2p.mesh.arrivals import Arrivals
from p2p.mesh.inward_measure import CLOCK_HZ, InwardMeasure

SIZE_BYTES, SPACING_S = 291, 0.01


def brought(line: Bottleneck, seconds: float, *, first: int = 1, began_s: float = 0.0):
    """What a listener measures of two speakers, as the queue has it; and when it stood first."""
    measure, stands_s, arrivals = InwardMeasure(), None, []
    measure.begin()
    came = Arrivals(16)
    for number in range(round(seconds / SPACING_S)):
        now = number * SPACING_S
        arrival_s = line.arrival_s(SIZE_BYTES, now)
        if arrival_s is not None:
            arrivals.append((arrival_s, first + number, now))
    for arrival_s, number, left_s in arrivals:
        ticks = int((began_s + left_s) * CLOCK_HZ) & 0xFFFFFFFF
        if came.came(number & 0xFFFF, arrival_s, SIZE_BYTES) and arrival_s >= measure.due_s:
            measure.sample(came, ticks, arrival_s)
        load = measure.load(arrival_s)
        if load is not None and load.stands and stands_s is None:
            stands_s = arrival_s
    return measure, arrivals[-1][0], stands_s


def test_a_line_that_carries_all_shows_no_queue():
    measure, now, stands_s = brought(Bottleneck(1e6), 10.0)
    load = measure.load(now)
    assert stands_s is None
    assert load is not None
    assert (load.loss, load.queue_s < 0.005) == (0.0, True)
    assert measure.sent_bps() == pytest.approx(8 * SIZE_BYTES / SPACING_S, rel=0.1)


def test_a_line_that_carries_less_shows_a_queue_within_a_second_and_what_it_carries():
    measure, now, stands_s = brought(Bottleneck(200_000), 2.0)
    assert stands_s is not None
    assert stands_s < 1.5
    load = measure.load(now)
    assert load is not None
    assert load.carried_bps == pytest.approx(200_000, rel=0.1)
    assert measure.sent_bps() == pytest.approx(8 * SIZE_BYTES / SPACING_S, rel=0.15)


def test_a_line_with_a_short_queue_shows_loss():
    measure, now, _ = brought(Bottleneck(200_000, queue_s=0.05), 6.0)
    load = measure.load(now)
    assert load is not None
    assert load.loss == pytest.approx(1 - 200_000 / (8 * SIZE_BYTES / SPACING_S), abs=0.05)


def test_numbers_and_the_clock_turn_over_and_nothing_shows_of_it():
    wraps = (1 << 32) / CLOCK_HZ - 3.0
    measure, now, stands_s = brought(Bottleneck(1e6), 6.0, first=0xFFFF - 100, began_s=wraps)
    load = measure.load(now)
    assert stands_s is None
    assert load is not None
    assert (load.loss, load.queue_s < 0.005) == (0.0, True)


def test_ten_samples_are_taken_a_second_and_none_before_it_begins():
    measure, arrivals, taken = InwardMeasure(), Arrivals(16), 0
    for number in range(200):
        now = number * SPACING_S
        arrivals.came(number, now, SIZE_BYTES)
        if number == 100:
            assert taken == 0
            measure.begin()
        if now >= measure.due_s:
            measure.sample(arrivals, number * 480, now)
            taken += 1
    assert 8 <= taken <= 11


def test_before_anything_came_nothing_is_known():
    assert InwardMeasure().load(1.0) is None
    assert InwardMeasure().sent_bps() == 0.0
