from p2p.mesh.arrivals import REPORT_EVERY_S, Arrivals


def reporting() -> Arrivals:
    arrivals = Arrivals()
    arrivals.wanted = True
    return arrivals


def test_a_report_tells_the_newest_packet_when_it_came_and_how_many_did():
    arrivals = reporting()
    for seq, at_s in ((7, 1.0), (9, 1.25), (8, 1.5)):
        arrivals.came(seq, at_s)
    assert arrivals.report(1.5) == (9, 3, 1250)


def test_a_number_that_turned_over_is_newer_than_the_last_before():
    arrivals = reporting()
    for seq in (0xFFFE, 0xFFFF, 0, 1, 0xFFFD):
        arrivals.came(seq, 2.0)
    report = arrivals.report(2.0)
    assert report is not None
    assert report.seq == 1


def test_there_are_ten_reports_a_second_at_most():
    arrivals = reporting()
    told = 0
    for number in range(500):
        arrivals.came(number, number * 0.02)
        told += arrivals.report(number * 0.02) is not None
    assert 10 * 0.02 * 500 * 0.8 <= told <= 500 * 0.02 / REPORT_EVERY_S + 1


def test_nothing_is_reported_before_something_came_or_to_who_wants_no_reports():
    assert reporting().report(1.0) is None
    arrivals = Arrivals()
    arrivals.came(1, 1.0)
    assert arrivals.report(1.0) is None
