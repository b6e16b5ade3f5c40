import math

from p2p.mesh.arrivals import Arrivals
from p2p.mesh.line_reports import REPORT_EVERY_S, LineReports


def reporting() -> LineReports:
    reports = LineReports()
    reports.want(wanted=True)
    return reports


def test_a_report_tells_the_newest_packet_when_it_came_and_how_many_did():
    arrivals = Arrivals(16)
    for seq, at_s in ((7, 1.0), (9, 1.25), (8, 1.5)):
        arrivals.came(seq, at_s)
    assert reporting().make(arrivals, 1.5) == (9, 3, 1250)


def test_a_number_that_turned_over_is_newer_than_the_last_before():
    arrivals = Arrivals(16)
    for seq in (0xFFFE, 0xFFFF, 0, 1, 0xFFFD):
        arrivals.came(seq, 2.0)
    assert reporting().make(arrivals, 2.0).seq == 1


def test_there_are_ten_reports_a_second_at_most():
    reports, arrivals, told = reporting(), Arrivals(16), 0
    for number in range(500):
        now = number * 0.02
        arrivals.came(number, now)
        if now >= reports.due_s:
            reports.make(arrivals, now)
            told += 1
    assert 10 * 0.02 * 500 * 0.8 <= told <= 500 * 0.02 / REPORT_EVERY_S + 1


def test_none_is_due_to_who_wants_none():
    reports = LineReports()
    assert reports.due_s == math.inf
    reports.want(wanted=True)
    reports.want(wanted=False)
    assert reports.due_s == math.inf
