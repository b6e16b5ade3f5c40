import itertools
import random

import pytest

from lab.sim.bottleneck import SHAPES, Bottleneck, Speaker
from p2p.mesh.line_load import Load
from p2p.mesh.shape_walk import UP_AFTER_MAX_S, UP_AFTER_S, ShapeWalk

WIDE, HALL, SLIM, THIN = range(4)
GOOD = Load(0.0, 0.07, stands=False, loss=0.0, carried_bps=1e6, round_trip_s=0.05)


def speaks(kbps: float, seconds: float, **line: float) -> Speaker:
    one = Speaker(Bottleneck(kbps * 1000, **line))
    one.speak(seconds)
    return one


def share_in(one: Speaker, shape: int) -> float:
    """Of the time, in one shape."""
    changes = [(0.0, 0), *one.shapes, (one.now, 0)]
    spans = [(b[0] - a[0], a[1]) for a, b in itertools.pairwise(changes)]
    return sum(span for span, each in spans if each == shape) / one.now


def test_a_good_line_keeps_the_widest_shape():
    assert speaks(1000, 120.0).shapes == []
    assert speaks(120, 120.0).shapes == []


@pytest.mark.parametrize(("kbps", "fits"), [(100, HALL), (64, SLIM), (40, THIN)])
def test_a_narrow_line_gets_what_fits_at_the_first_step(kbps, fits):
    one = speaks(kbps, 120.0)
    assert one.shapes[0][1] == fits
    assert one.shapes[0][0] < 1.5
    assert share_in(one, fits) > 0.9
    assert one.lost == 0


@pytest.mark.parametrize("kbps", [100, 64, 40])
def test_after_five_seconds_no_packet_waits_long(kbps):
    one = speaks(kbps, 120.0)
    assert max(wait for at_s, wait in one.queues if at_s > 5.0) < 0.25


def test_a_line_that_carries_nothing_that_we_have_ends_in_the_narrowest_shape():
    one = speaks(20, 60.0)
    assert share_in(one, THIN) > 0.9


def test_a_line_that_becomes_wide_again_is_used_step_by_step():
    one = speaks(40, 20.0)
    one.line.rate_bps = 10e6
    one.speak(60.0)
    assert one.walk.shape == WIDE
    later = [shape for at_s, shape in one.shapes if at_s > 20.0]
    assert later[-3:] == [SLIM, HALL, WIDE]


def test_a_line_that_becomes_narrow_in_the_middle_is_noticed():
    one = speaks(10_000, 30.0)
    one.line.rate_bps = 64_000
    one.speak(30.0)
    assert one.shapes[0][1] == SLIM
    assert one.shapes[0][0] < 31.5


def test_each_step_up_that_was_one_too_far_doubles_the_wait():
    one = speaks(100, 300.0)
    ups = [at_s for at_s, shape in one.shapes if shape == WIDE]
    waits_s = [after - before for before, after in itertools.pairwise(ups)]
    assert waits_s[0] > UP_AFTER_S
    assert all(later > before - 0.5 for before, later in itertools.pairwise(waits_s))
    assert max(waits_s) <= UP_AFTER_MAX_S + 2.0


def test_a_short_queue_shows_by_loss_and_is_left():
    one = speaks(64, 60.0, queue_s=0.05)
    assert one.shapes[0][1] == SLIM
    assert share_in(one, SLIM) > 0.8


@pytest.mark.parametrize("delay_s", [0.02, 0.2])
def test_jitter_narrows_hardly_anybody(delay_s):
    chance = random.Random(3)
    line = Bottleneck(10e6, delay_s=delay_s)
    one = Speaker(line, back_s=delay_s, jitter=lambda _n: max(-0.02, chance.gauss(0.0, 0.04)))
    one.speak(400.0)
    assert share_in(one, WIDE) > 0.9


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3])
def test_loss_that_a_narrower_shape_does_not_cure_leaves_the_copies_where_they_are(share):
    chance = random.Random(5)
    one = Speaker(Bottleneck(10e6), lose=lambda _n: chance.random() < share)
    one.speak(400.0)
    assert share_in(one, WIDE) > 0.9
    assert len(one.shapes) <= 12


def test_a_queue_that_drains_is_given_the_time():
    walk = ShapeWalk([shape.rate_bps for shape in SHAPES], 0.0)
    load = Load(0.5, 0.07, stands=True, loss=0.0, carried_bps=64_000.0, round_trip_s=0.5)
    assert walk.step(load, 10.0) == SLIM
    for tenth in range(40):
        load = load._replace(queue_s=0.5 - 0.01 * tenth)
        assert walk.step(load, 10.0 + 0.1 * tenth) == SLIM


def test_a_queue_that_does_not_drain_takes_the_next_step():
    walk = ShapeWalk([shape.rate_bps for shape in SHAPES], 0.0)
    load = Load(0.5, 0.07, stands=True, loss=0.0, carried_bps=100_000.0, round_trip_s=0.5)
    assert [walk.step(load, 10.0 + at_s) for at_s in (0.0, 1.0, 1.6, 3.0, 3.2, 60.0)] == [
        HALL,
        HALL,
        SLIM,
        SLIM,
        THIN,
        THIN,
    ]


def test_nobody_steps_up_while_the_queue_still_drains():
    walk = ShapeWalk([shape.rate_bps for shape in SHAPES], 0.0)
    walk.step(GOOD._replace(stands=True, queue_s=0.5, carried_bps=100_000.0), 10.0)
    for tenth in range(200):
        assert walk.step(GOOD._replace(drains=True), 12.0 + 0.1 * tenth) == HALL
    assert walk.step(GOOD, 32.0 + UP_AFTER_S) == WIDE


def test_while_nothing_is_known_nothing_changes():
    walk = ShapeWalk([shape.rate_bps for shape in SHAPES], 0.0)
    walk.step(GOOD._replace(stands=True, queue_s=0.5, carried_bps=100_000.0), 10.0)
    assert [walk.step(None, 12.0 + second) for second in range(60)] == [HALL] * 60
    assert walk.step(GOOD, 72.0) == HALL
    assert walk.step(GOOD, 72.0 + UP_AFTER_S) == WIDE


def test_who_has_one_shape_keeps_it():
    walk = ShapeWalk([24_000.0], 0.0)
    for second in range(30):
        assert walk.step(GOOD._replace(stands=True, loss=0.5), float(second)) == 0
    for second in range(30, 60):
        assert walk.step(GOOD._replace(loss=0.5), float(second)) == 0


def test_a_relay_that_only_says_that_there_is_a_queue_narrows_nobody():
    late_ms = iter(range(0, 10**7, 100))
    one = Speaker(
        Bottleneck(10e6), lie=lambda r: r._replace(arrival_ms=r.arrival_ms + next(late_ms))
    )
    one.speak(120.0)
    assert one.shapes == []
