from p2p.api.events import LineChanged
from p2p.node.control.narrow_notice import NARROW_AFTER_S, WIDE_AFTER_S, NarrowNotices

OUT, IN, BOTH = LineChanged(True, False), LineChanged(False, True), LineChanged(True, True)
WIDE = LineChanged(False, False)


def told(*spans: tuple[float, bool, bool]) -> list[LineChanged]:
    """What is said where a line is so for so many seconds, one after the other."""
    notices, now, said = NarrowNotices(), 0.0, []
    for seconds, out, inward in spans:
        until_s = now + seconds
        while now < until_s:
            changed = notices.news(now, out=out, inward=inward)
            said += [] if changed is None else [changed]
            now += 0.2
    return said


def test_on_a_good_line_nothing_is_said():
    assert told((60.0, False, False)) == []


def test_a_narrow_line_is_told_once_and_when_it_is_over():
    assert told((60.0, True, False), (60.0, False, False)) == [OUT, WIDE]
    assert told((60.0, False, True), (60.0, False, False)) == [IN, WIDE]


def test_short_troubles_and_short_trials_are_not_told():
    assert told((NARROW_AFTER_S / 2, True, True), (60.0, False, False)) == []
    trials = ((20.0, True, False), (WIDE_AFTER_S / 2, False, False)) * 5
    assert told(*trials) == [OUT]


def test_each_direction_is_told_for_itself():
    spans = (10.0, True, False), (10.0, True, True), (30.0, False, True), (30.0, False, False)
    assert told(*spans) == [OUT, BOTH, IN, WIDE]
