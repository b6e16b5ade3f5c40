from p2p.node.control.narrow_notice import (
    NARROW_AFTER_S,
    NARROW_IN,
    NARROW_OUT,
    WIDE,
    WIDE_AFTER_S,
    NarrowNotices,
)


def told(*spans: tuple[float, bool, bool]) -> list[str]:
    """The codes of what is said where a line is so for so many seconds, one after the other."""
    notices, now, codes = NarrowNotices(), 0.0, []
    for seconds, out, inward in spans:
        until_s = now + seconds
        while now < until_s:
            codes += [each.code for each in notices.news(now, out=out, inward=inward)]
            now += 0.2
    return codes


def test_on_a_good_line_nothing_is_said():
    assert told((60.0, False, False)) == []


def test_a_narrow_line_is_told_once_and_when_it_is_over():
    assert told((60.0, True, False), (60.0, False, False)) == [NARROW_OUT.code, WIDE.code]
    assert told((60.0, False, True), (60.0, False, False)) == [NARROW_IN.code, WIDE.code]


def test_short_troubles_and_short_trials_are_not_told():
    assert told((NARROW_AFTER_S / 2, True, True), (60.0, False, False)) == []
    trials = ((20.0, True, False), (WIDE_AFTER_S / 2, False, False)) * 5
    assert told(*trials) == [NARROW_OUT.code]


def test_both_directions_are_told_each_and_wide_when_both_are():
    spans = (10.0, True, False), (10.0, True, True), (30.0, False, True), (30.0, False, False)
    assert told(*spans) == [NARROW_OUT.code, NARROW_IN.code, WIDE.code]
