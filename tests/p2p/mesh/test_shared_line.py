from p2p.mesh.line_load import Load
from p2p.mesh.shared_line import shared

FREE = Load(0.0, 0.07, stands=False, loss=0.0, carried_bps=100_000.0, round_trip_s=0.1)
FULL = Load(0.4, 0.07, stands=True, loss=0.2, carried_bps=50_000.0, round_trip_s=0.6, drains=True)


def test_of_nobody_nothing_is_known():
    assert shared([]) is None


def test_what_only_one_way_suffers_is_not_our_lines_fault():
    assert shared([FREE, FULL]) == Load(0.0, 0.07, False, 0.0, 75_000.0, 0.6, True)


def test_what_all_ways_suffer_is():
    load = shared([FULL, FULL._replace(queue_s=0.3, loss=0.3)])
    assert load == FULL._replace(queue_s=0.3)
